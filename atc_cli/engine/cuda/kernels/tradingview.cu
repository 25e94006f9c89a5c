// The averages of dialect `tradingview`: raw prices, the published script's arithmetic to the bit.

// A rolling sum that carries its rounding error along. `entry` is what is added for x, and what leaves later.
__device__ double add(double& sum, double& carry, double entry) {
    const double reached = sum + entry;
    carry = (reached - sum) - entry;
    sum = reached;
    return entry;
}

__device__ bool must_restart(double x, double carry) {
    const double size = fabs(carry), reach = x + size;
    return carry != 0.0 && x != 0.0 && isfinite(reach) && reach != 0.0 && size - (reach - x) > 0.0;
}

// The sum goes on by x, the u-th value, where it does not restart; `leaving` is the entry of n values ago.
__device__ double roll(double& sum, double& carry, double x, int u, int n, double leaving) {
    if (u < n) return add(sum, carry, x - carry);
    const double out = -leaving - carry, between = sum + out;
    const double lost = (between - sum) - out;
    sum = between;
    return add(sum, carry, x - lost);
}

__device__ double sources_newest_first(const Columns& from, const Lane& it, int t, int count) {
    double sum = 0.0;
#pragma unroll 1
    for (int i = 0; i < count; ++i) sum = sum + source_price(from, it, t - i);
    return sum;
}

__device__ double moves_newest_first(const Columns& from, const Lane& it, int t, int count) {
    double sum = 0.0, now = source_price(from, it, t);
#pragma unroll 1
    for (int i = 1; i <= count; ++i) {
        const double before = source_price(from, it, t - i);
        sum = sum + fabs(now - before);
        now = before;
    }
    return sum;
}

// state: S, C.
__device__ void ride_simple(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                            const Booth& booth) {
    double &sum = me.state[0], &carry = me.state[1], entry = bar.source;
    const int n = me.length, u = bar.t;
    if (must_restart(bar.source, carry)) {
        sum = sources_newest_first(from, it, u, u + 1 < n ? u + 1 : n);
        carry = 0.0;
    } else {
        entry = roll(sum, carry, bar.source, u, n, u < n ? 0.0 : ring_at(me, me.place));
    }
    ring_at(me, me.place) = entry;
    next_place(me, n);
    vote<true>(me, 0, bar, bar.close, u + 1 >= n ? sum / (double)n : undefined(), booth);
}

#define QUIET 1e-10

// state: average, S and C of the moves, source of the bar before. The first move is the one into bar 1.
__device__ void ride_kama_tradingview(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                                      const Booth& booth) {
    double &average = me.state[0], &sum = me.state[1], &carry = me.state[2], &before = me.state[3];
    const int n = me.length, u = bar.t - 1;
    if (bar.t > 0) {
        const double move = fabs(bar.source - before);
        double entry = move;
        if (must_restart(move, carry)) {
            sum = moves_newest_first(from, it, bar.t, u + 1 < n ? u + 1 : n);
            carry = 0.0;
        } else {
            entry = roll(sum, carry, move, u, n, u < n ? 0.0 : ring_at(me, me.place));
        }
        ring_at(me, me.place) = entry;
        next_place(me, n);
    }
    double ratio = 0.0;
    if (bar.t >= n && !(sum <= QUIET)) ratio = fabs(bar.source - source_price(from, it, bar.t - n)) / sum;
    average = kama_step(average, bar.source, ratio);
    before = bar.source;
    vote<true>(me, 0, bar, bar.close, average, booth);
}

// constants: n, sum of the places 1..n, spread, n-1. Sums are added up afresh at every bar, oldest first.
__device__ void ride_regression(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                                const Booth& booth) {
    const double* k = me.constants;
    const int n = me.length;
    double mean = undefined(), end = undefined();
    if (bar.t >= n - 1) {
        double plain = 0.0, weighted = 0.0;
#pragma unroll 1
        for (int i = 1; i <= n; ++i) {
            const double value = source_price(from, it, bar.t - n + i);
            plain = plain + value;
            weighted = weighted + value * (double)i;
        }
        const double slope = (k[0] * weighted - k[1] * plain) / k[2];
        const double intercept = plain / k[0] - slope * k[1] / k[0] + slope;
        mean = weighted / k[1];
        end = intercept + slope * k[3];
    }
    vote<true>(me, 0, bar, bar.close, mean, booth);
    vote<true>(me, 1, bar, bar.close, end, booth);
}

// Takes x into the compensated mean that seeds an EMA: the u-th of n values; the ring holds those before it.
__device__ void take_seed(Rider& me, double x, int u, int n) {
    double &sum = me.state[2], &carry = me.state[3];
    if (must_restart(x, carry)) {
        sum = 0.0 + x;
#pragma unroll 1
        for (int i = u - 1; i >= 0; --i) sum = sum + ring_at(me, i);
        carry = 0.0;
    } else {
        roll(sum, carry, x, u, n, 0.0);
    }
    ring_at(me, u) = x;
}

// state: e1, e2, S and C of the seed under way. constants: alpha.
__device__ void ride_exponential_tradingview(Rider& me, const Bar& bar, const Booth& booth) {
    double &first = me.state[0], &second = me.state[1];
    const int n = me.length, last = 2 * n - 2;
    if (bar.t < n) take_seed(me, bar.source, bar.t, n);
    if (bar.t == n - 1) {
        first = me.state[2] / (double)n;
        me.state[2] = me.state[3] = 0.0;
    } else if (bar.t >= n) {
        first = first + me.constants[0] * (bar.source - first);
    }
    if (bar.t >= n - 1 && bar.t <= last) take_seed(me, first, bar.t - (n - 1), n);
    if (bar.t == last) second = me.state[2] / (double)n;
    else if (bar.t > last) second = second + me.constants[0] * (first - second);
    vote<true>(me, 0, bar, bar.close, bar.t >= n - 1 ? first : undefined(), booth);
    vote<true>(me, 1, bar, bar.close, bar.t >= last ? 2.0 * first - second : undefined(), booth);
}

__device__ void ride_tradingview(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                                 const Booth& booth) {
    if (me.kind == EXPONENTIAL) ride_exponential_tradingview(me, bar, booth);
    else if (me.kind == SIMPLE) ride_simple(me, from, it, bar, booth);
    else if (me.kind == REGRESSION) ride_regression(me, from, it, bar, booth);
    else if (me.kind == KAMA) ride_kama_tradingview(me, from, it, bar, booth);
}
