
const data = JSON.parse(document.getElementById("data").textContent);
const { createChart, PriceScaleMode, LineStyle, CrosshairMode } = LightweightCharts;
const dark = matchMedia("(prefers-color-scheme: dark)");
const byId = (id) => document.getElementById(id);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const faint = (name, part) => colour(name) + Math.round(part * 255).toString(16).padStart(2, "0");

// a first time, and runs of (step, how many)
const timesOf = ([first, ...runs]) => {
  if (first === undefined) return [];
  const times = [first / 1000];
  for (let i = 0; i < runs.length; i += 2)
    for (let k = 0; k < runs[i + 1]; k++) times.push(times[times.length - 1] + runs[i]);
  return times;
};

const look = () => ({
  layout: { background: { color: colour("paper") }, textColor: colour("quiet"), fontFamily: "system-ui, sans-serif" },
  grid: { vertLines: { color: colour("band") }, horzLines: { color: colour("band") } },
  rightPriceScale: { borderColor: colour("line") },
  timeScale: { borderColor: colour("line") },
});
const PAPER = 680;
const themed = [];
const chart = (id, options) => {
  const made = createChart(byId(id), {
    autoSize: true,
    crosshair: { mode: CrosshairMode.Normal },
    handleScroll: { vertTouchDrag: false, mouseWheel: false },
    timeScale: { timeVisible: data.bar_s < 86400, secondsVisible: false, minBarSpacing: 0.001 },
    rightPriceScale: { minimumWidth: 88, ...options.rightPriceScale },
  });
  themed.push(() => made.applyOptions(look()));
  // a page of paper is narrower than the screen, and nothing tells a chart so
  const [drawn] = byId(id).children;
  addEventListener("beforeprint", () => (drawn.style.zoom = Math.min(1, PAPER / byId(id).clientWidth)));
  addEventListener("afterprint", () => (drawn.style.zoom = ""));
  return made;
};
const styled = (series, options) => {
  themed.push(() => series.applyOptions(options()));
  return series;
};
const points = (times, values) => times.map((time, i) => (values[i] === null ? { time } : { time, value: values[i] }));
const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 6 });
const percent = (value) => `${value.toFixed(1)}%`;
const line = { lineWidth: 2, priceLineVisible: false, lastValueVisible: false, crosshairMarkerRadius: 3 };

const drawCurves = () => {
  const { curve } = data, times = timesOf(curve.times);
  const top = chart("equity", { rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.06 } } });
  const low = chart("drawdown", { rightPriceScale: { scaleMargins: { top: 0.04, bottom: 0.08 } } });
  const cash = { type: "custom", minMove: 0.01, formatter: (value) => plain.format(value) };
  const hold = styled(top.addLineSeries({ ...line, lineWidth: 1, priceFormat: cash }), () => ({ color: colour("hold") }));
  const equity = styled(top.addLineSeries({ ...line, priceFormat: cash }), () => ({ color: colour("equity") }));
  const depth = low.addAreaSeries({
    ...line, lineWidth: 1, invertFilledArea: true, priceFormat: { type: "custom", minMove: 0.1, formatter: percent },
  });
  styled(depth, () => ({ lineColor: colour("sink"), topColor: faint("sink", 0.35), bottomColor: faint("sink", 0.15) }));
  hold.setData(points(times, curve.benchmark));
  equity.setData(points(times, curve.equity));
  depth.setData(points(times, curve.drawdown));
  together(top, equity, low, depth, curve);
  const far = () => top.timeScale().fitContent();
  far();
  for (const button of document.querySelectorAll("button[data-days]"))
    button.addEventListener("click", () => {
      const to = times[times.length - 1], from = to - Number(button.dataset.days) * 86400;
      if (button.dataset.days === "" || from <= times[0]) far();
      else top.timeScale().setVisibleRange({ from, to });
    });
  logarithmic("log", top);
  if (curve.each > 1)
    byId("thinned").textContent = `Of every ${curve.each} bars the lowest and the highest value are drawn.`;
  return top;
};

const logarithmic = (box, made) =>
  byId(box).addEventListener("change", ({ target }) =>
    made.priceScale("right").applyOptions({ mode: target.checked ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal }));

// the two charts show the same stretch and the same moment
const together = (top, equity, low, depth, curve) => {
  const place = new Map(timesOf(curve.times).map((time, i) => [time, i]));
  const said = { equity: (value) => plain.format(value), benchmark: (value) => plain.format(value), drawdown: (value) => `${value.toFixed(2)}%` };
  const tell = (i) => {
    for (const each of document.querySelectorAll("[data-of]")) {
      const value = curve[each.dataset.of][i ?? curve.equity.length - 1];
      each.textContent = value === null ? "" : said[each.dataset.of](value);
    }
  };
  tell();
  const follow = (from, to, series, values) => {
    from.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      const now = to.timeScale().getVisibleLogicalRange();
      if (range && !(now && now.from === range.from && now.to === range.to)) to.timeScale().setVisibleLogicalRange(range);
    });
    from.subscribeCrosshairMove(({ time, point }) => {
      const at = point && place.get(time), value = values[at];
      tell(at);
      if (value === undefined || value === null) to.clearCrosshairPosition();
      else to.setCrosshairPosition(value, time, series);
    });
  };
  follow(top, low, depth, curve.drawdown);
  follow(low, top, equity, curve.equity);
};

const candlesOf = ({ candles, decimals, times }) => {
  const unit = 10 ** -decimals, moments = timesOf(times);
  let before = 0;
  return moments.map((time, i) => {
    const [gap, body, up, down] = candles.slice(i * 4, i * 4 + 4);
    const open = before + gap, close = (before = open + body);
    const at = (value) => Number((value * unit).toPrecision(12));
    return { time, open: at(open), close: at(close), high: at(Math.max(open, close) + up), low: at(Math.min(open, close) - down) };
  });
};

const drawPrices = () => {
  const shown = chart("price", {});
  const bars = shown.addCandlestickSeries({ priceLineVisible: false, lastValueVisible: false, borderVisible: false });
  styled(bars, () => ({
    upColor: faint("up", 0.8), downColor: faint("down", 0.8), wickUpColor: faint("up", 0.8), wickDownColor: faint("down", 0.8),
  }));
  const held = shown.addLineSeries({ ...line, lineStyle: LineStyle.Solid, crosshairMarkerVisible: false });
  let markers = [], level = 0, moments = [];
  // as much as there is room for: lines alone, marks, marks and words
  const mark = (range) => {
    if (!range) return;
    const seen = markers.filter(({ at }) => at >= range.from && at <= range.to).length;
    const room = byId("price").clientWidth / Math.max(seen, 1), fits = room > 60 ? 3 : room > 9 ? 2 : 1;
    if (fits === level) return;
    level = fits;
    const marked = level === 1 ? [] : markers;
    bars.setMarkers(marked.map(({ at, text, ...each }) => ({ ...each, text: level === 3 ? text : undefined, size: level === 3 ? 1 : 0.6 })));
  };
  const show = (symbol) => {
    const candles = candlesOf(symbol);
    moments = candles.map(({ time }) => time);
    const precision = Math.max(0, Math.min(symbol.decimals, 12));
    bars.applyOptions({ priceFormat: { type: "price", precision, minMove: 10 ** -precision } });
    bars.setData(candles);
    held.setData(heldOf(symbol, moments));
    markers = markersOf(symbol, moments);
    level = 0;
    mark(shown.timeScale().getVisibleLogicalRange());
    shown.timeScale().fitContent();
    const more = symbol.of > symbol.trades.length ? `the last ${symbol.trades.length} of ${symbol.of} trades` : `${symbol.of} trades`;
    const merged = symbol.each > 1 ? `, a candle is ${symbol.each} bars` : "";
    byId("merged").textContent = `${more}${merged}. A line leads from an entry to its end, green where it won; zoom in for marks, profits and reasons.`;
  };
  shown.timeScale().subscribeVisibleLogicalRangeChange(mark);
  const choice = byId("symbol");
  choice.append(...data.symbols.map(({ name }) => new Option(name)));
  choice.addEventListener("change", () => show(data.symbols[choice.selectedIndex]));
  logarithmic("logprice", shown);
  themed.push(() => show(data.symbols[Math.max(choice.selectedIndex, 0)]));
};

// a line from every entry to its end; what lies between two trades is not drawn
const heldOf = ({ trades }, moments) => {
  const found = new Map();
  for (const [entry, end, , opened, closed, profit] of trades) {
    if (end <= entry) continue;
    found.set(entry, { time: moments[entry], value: opened, color: colour(profit > 0 ? "up" : "down") });
    if (!found.has(end)) found.set(end, { time: moments[end], value: closed, color: "transparent" });
  }
  return [...found.entries()].sort(([a], [b]) => a - b).map(([, point]) => point);
};

const markersOf = ({ trades }, moments) =>
  trades
    .flatMap(([entry, end, side, , , profit, reason]) => [
      {
        at: entry, time: moments[entry], shape: side > 0 ? "arrowUp" : "arrowDown",
        position: side > 0 ? "belowBar" : "aboveBar", color: colour(side > 0 ? "up" : "down"), text: "",
      },
      {
        at: end, time: moments[end], shape: "circle", position: side > 0 ? "aboveBar" : "belowBar",
        color: colour(profit > 0 ? "up" : "down"), text: `${profit > 0 ? "+" : ""}${plain.format(profit)} ${data.reasons[reason]}`,
      },
    ])
    .sort((a, b) => a.at - b.at);

if (data.curve.times.length) drawCurves();
if (data.symbols.length && byId("price")) drawPrices();
const dress = () => themed.forEach((each) => each());
dress();
dark.addEventListener("change", dress);
const table = byId("symbols");
if (table) sortable(table);
document.querySelectorAll(".tools").forEach((each) => (each.hidden = false));
