// The two layers of a family, and Average_Signal of a lane.

// Hundredths of x, ties to even; in `tradingview` ties, within 1e-10, away from zero, and zero is +0.0.
template <bool TV> __device__ double hundredths_of(double x) {
    if (!TV) return rint(100.0 * x);
    const double size = fabs(x), fraction = size - floor(size), down = floor(100.0 * fraction);
    const double up = 100.0 * fraction - down >= 0.5 - 1e-10 ? 1.0 : 0.0;
    const double hundredths = 100.0 * (size - fraction) + (down + up);
    return (x < 0.0 ? -hundredths : hundredths) + 0.0;
}

// A family of one lane between two bars, in the registers in which other roles keep what they carry.
struct Layer {
    double &equity, &hundredths, &idle;
};

// sign * x for a sign of 1, -1 or 0; to convert the sign would take longer. 0 times infinity is undefined.
__device__ double signed_by(signed char sign, double x) { return sign > 0 ? x : sign < 0 ? -x : 0.0 * x; }

// X = N/D: both sums left to right in member order.
template <bool TV>
__device__ double first_layer(const Shared& shared, int ballot, int family, int lane) {
    double numerator = 0.0, denominator = 0.0;
    for (int member = 0; member < MEMBERS; ++member) {
        const int at = (ballot * CELLS + family * MEMBERS + member) * ATC_LANES + lane;
        const double equity = shared.equity[at];
        numerator = numerator + signed_by(shared.sign[at], equity);
        denominator = denominator + equity;
    }
    return hundredths_of<TV>(numerator / denominator);
}

template <bool TV>
__device__ void second_layer(const Layer& me, double rate, double keep) {
    const double a = me.hundredths > 0.0 ? rate : me.hundredths < 0.0 ? -rate : TV ? me.idle : 0.0;
    me.idle = a;
    me.equity = floored<TV>((me.equity * keep) * (1.0 + a));
}

template <bool TV>
__device__ void layer_bar(const Layer& me, int t, int price_row, int ballot, int family, int lane,
                          const Lane& it, const Rules& rules, const Shared& shared,
                          const Results& out, int row) {
    if (t < rules.cutout) return;
    if (t > rules.cutout) second_layer<TV>(me, shared.rate[price_row * ATC_LANES + lane], rules.keep);
    const double x = first_layer<TV>(shared, ballot, family, lane);
    me.hundredths = x;
    const int at = (ballot * FAMILIES + family) * ATC_LANES + lane;
    shared.weight[at] = me.equity;
    shared.cut[at] = (signed char)(x > rules.over ? 1 : x < rules.under ? -1 : 0);
    if (out.layers && (out.every_bar || t == it.bars - 1)) {
        const size_t place = spot(out, (size_t)row * FAMILIES + (size_t)family, it, t, out.every_bar);
        out.families[place] = x / 100.0;
        out.weights[place] = me.equity;
    }
}

// Average_Signal of one lane between two bars; `before` is for `strategy`.
struct Signal {
    double &before, &side, &flipped;
};

__device__ double average_of(const Shared& shared, const Rules& rules, int ballot, int lane) {
    double numerator = 0.0, denominator = 0.0;
    for (int family = 0; family < FAMILIES; ++family) {
        if (!(rules.families >> family & 1)) continue;
        const int at = (ballot * FAMILIES + family) * ATC_LANES + lane;
        const double weight = shared.weight[at];
        numerator = numerator + signed_by(shared.cut[at], weight);
        denominator = denominator + weight;
    }
    return numerator / denominator;
}

template <bool TV>
__device__ void signal_bar(const Signal& me, int t, int ballot, int lane, const Lane& it, const Rules& rules,
                           const Shared& shared, const Results& out, int row) {
    double average = t < rules.cutout ? (TV ? undefined() : 0.0) : average_of(shared, rules, ballot, lane);
    if (rules.delayed) {
        const double now = average;
        average = me.before;
        me.before = now;
    }
    const double side = average > rules.long_cut ? 1.0 : average < rules.short_cut ? -1.0 : 0.0;
    if (t > 0 && side != me.side) me.flipped = (double)t;
    me.side = side;
    if (out.every_bar || t == it.bars - 1) out.average[spot(out, (size_t)row, it, t, out.every_bar)] = average;
    if (t < it.bars - 1) return;
    out.flipped[row] = (long long)me.flipped;
    out.grid[row] = it.decimals;
}
