// The averages of dialect `lts`. Sums on a grid are exact in any order; off it the order is binding: oldest first
// where a window becomes full and at every 256th bar, else S and W move on by one step each.

// S and W of a window that is full from value w-1 on; u counts its values from 0. `weight` is its width.
__device__ void take(double& sum, double& weighted, int u, int width, double weight, double newest, double leaving) {
    if (u < width) {
        weighted = weighted + (double)(u + 1) * newest;
        sum = sum + newest;
    } else {
        weighted = weighted + (weight * newest - sum);
        sum = sum + (newest - leaving);
    }
}

__device__ bool renews(const Lane& it, int t, int full) {
    return !on_grid(it) && t > full && t % RENEWAL == 0;
}

struct Sums {
    double plain, weighted;
};

__device__ Sums renewed(const Columns& from, const Lane& it, int t, int width) {
    Sums sums = {0.0, 0.0};
#pragma unroll 1
    for (int i = 1; i <= width; ++i) {
        const double value = source_ticks(from, it, t - width + i);
        sums.plain = sums.plain + value;
        sums.weighted = sums.weighted + (double)i * value;
    }
    return sums;
}

// S and W of the source over `width` bars.
__device__ void source_sums(double& sum, double& weighted, const Columns& from, const Lane& it,
                            const Bar& bar, int width, double weight) {
    const double leaving = bar.t < width ? 0.0 : source_ticks(from, it, bar.t - width);
    take(sum, weighted, bar.t, width, weight, bar.source_ticks, leaving);
    if (renews(it, bar.t, width - 1)) {
        const Sums sums = renewed(from, it, bar.t, width);
        sum = sums.plain;
        weighted = sums.weighted;
    }
}

// W of raw = 2*WMA(h) - WMA(n), each times its common denominator, over the last `root` bars.
__device__ double hull(Rider& me, const Lane& it, const Bar& bar, int root) {
    double &sum = me.state[4], &weighted = me.state[5];
    const int first = me.length - 1, u = bar.t - first, full = first + root - 1;
    if (u < 0) return undefined();
    const double raw = me.constants[4] * me.state[3] - me.constants[5] * me.state[1];
    const double leaving = ring_at(me, me.place);
    ring_at(me, me.place) = raw;
    take(sum, weighted, u, root, me.constants[6], raw, u < root ? 0.0 : leaving);
    next_place(me, root);
    if (renews(it, bar.t, full)) {
        sum = weighted = 0.0;
#pragma unroll 1
        for (int i = 0; i < root; ++i) {  // the oldest lies where the next one goes
            const double value = ring_at(me, (me.place + i) % root);
            sum = sum + value;
            weighted = weighted + (double)(i + 1) * value;
        }
    }
    return bar.t < full ? undefined() : weighted;
}

// state: S and W of the window, S and W of its half, S and W of the Hull average.
// constants: what closes are multiplied by for WMA and LSMA, S for LSMA, closes, half and full window for HMA;
// the widths of the Hull average's root, of the window and of its half.
__device__ void ride_windows(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                             const Booth& booth) {
    const double* k = me.constants;
    const int n = me.length;
    source_sums(me.state[0], me.state[1], from, it, bar, n, k[7]);
    const double sum = me.state[0], weighted = me.state[1];
    const bool full = bar.t >= n - 1;
    vote<false>(me, 0, bar, bar.close_ticks * k[0], full ? weighted : undefined(), booth);
    vote<false>(me, 1, bar, bar.close_ticks * k[1], full ? 6.0 * weighted - k[2] * sum : undefined(), booth);
    if (me.cells[2].cell < 0) return;
    source_sums(me.state[2], me.state[3], from, it, bar, n / 2, k[8]);
    vote<false>(me, 2, bar, bar.close_ticks * k[3], hull(me, it, bar, (int)k[6]), booth);
}

// state: e1, e2, the sum of the seed. constants: alpha.
__device__ void ride_exponential_lts(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                                     const Booth& booth) {
    double &first = me.state[0], &second = me.state[1], &seed = me.state[2];
    const int n = me.length;
    const bool defined = bar.t >= n - 1;
    if (bar.t < n) seed = seed + bar.source_ticks;
    if (bar.t == n - 1) {
        first = seed / ((double)n * ticks_per_unit(from, it));
        second = first;
    } else if (defined) {
        first = first + me.constants[0] * (bar.source - first);
        second = second + me.constants[0] * (first - second);
    }
    vote<false>(me, 0, bar, bar.close, defined ? first : undefined(), booth);
    vote<false>(me, 1, bar, bar.close, defined ? 2.0 * first - second : undefined(), booth);
}

#define KAMA_SLOW 0.064
#define KAMA_RANGE (0.666 - 0.064)

__device__ double kama_step(double average, double source, double ratio) {
    const double z = ratio * KAMA_RANGE + KAMA_SLOW;
    return average + (z * z) * (source - average);
}

__device__ double noise_afresh(const Columns& from, const Lane& it, int t, int width) {
    double sum = 0.0, before = source_ticks(from, it, t - width);
#pragma unroll 1
    for (int i = 1; i <= width; ++i) {
        const double value = source_ticks(from, it, t - width + i);
        sum = sum + fabs(value - before);
        before = value;
    }
    return sum;
}

// state: average, noise, source of the bar before, source n+1 bars ago.
__device__ void ride_kama_lts(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                              const Booth& booth) {
    double &average = me.state[0], &noise = me.state[1], &before = me.state[2], &left = me.state[3];
    const int n = me.length;
    const double now = bar.source_ticks, then = bar.t < n ? 0.0 : source_ticks(from, it, bar.t - n);
    if (bar.t == 0) average = bar.source;
    const double move = bar.t == 0 ? 0.0 : fabs(now - before);
    if (bar.t <= n) noise = noise + move;
    else noise = noise + (move - fabs(then - left));
    if (renews(it, bar.t, n)) noise = noise_afresh(from, it, bar.t, n);
    if (bar.t >= n) average = kama_step(average, bar.source, noise <= 0.0 ? 0.0 : fabs(now - then) / noise);
    before = now;
    left = then;
    vote<false>(me, 0, bar, bar.close, average, booth);
}

__device__ void ride_lts(Rider& me, const Columns& from, const Lane& it, const Bar& bar,
                         const Booth& booth) {
    if (me.kind == WINDOWS) ride_windows(me, from, it, bar, booth);
    else if (me.kind == EXPONENTIAL) ride_exponential_lts(me, from, it, bar, booth);
    else if (me.kind == KAMA) ride_kama_lts(me, from, it, bar, booth);
}
