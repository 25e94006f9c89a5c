// Dimensions, and the prices of one lane: a lane is one series or one window, whose bars lie `step` values apart.
#if defined(__CUDACC__)
#define CU_SHARED(T, name, N) __shared__ T name[N]
#endif

// Lanes of a block, and bars between two barriers.
#ifndef ATC_LANES
#define ATC_LANES 8
#endif
#ifndef ATC_TILE
#define ATC_TILE 4
#endif
#define FAMILIES 6
#define MEMBERS 9
#define CELLS (FAMILIES * MEMBERS)
#define DECIMALS 15
#define RENEWAL 256

__device__ double undefined() { return __longlong_as_double(0x7ff8000000000000LL); }

__device__ double power_of_ten(int k) {
    double power = 1.0;
    for (int i = 0; i < k; ++i) power *= 10.0;  // exact up to 10^22
    return power;
}

// Columns of all lanes; `columns` of them make the source, none where it is the close.
struct Columns {
    const double* close;
    const double* source[4];
    int columns;
};

struct Lane {
    size_t base, step;
    int bars;
    signed char decimals;  // of its grid, -1 for none
    double scale;  // 10^k
};

__device__ Lane lane_of(const long long* bases, const int* bars, const signed char* decimals,
                        long long step, int lane) {
    Lane it;
    it.base = (size_t)bases[lane];
    it.step = (size_t)step;
    it.bars = bars[lane];
    it.decimals = decimals[lane];
    it.scale = power_of_ten(decimals[lane]);
    return it;
}

__device__ bool on_grid(const Lane& it) { return it.decimals >= 0; }

// Columns that the source is the mean of: on grid its ticks, and those of the close, are so many times as large.
__device__ double count_of(const Columns& from) { return from.columns > 1 ? (double)from.columns : 1.0; }

__device__ double multiple(const Columns& from, const Lane& it) { return on_grid(it) ? count_of(from) : 1.0; }

__device__ double ticks_per_unit(const Columns& from, const Lane& it) {
    return on_grid(it) ? it.scale * count_of(from) : 1.0;
}

// What the sum of the source's columns is divided by.
__device__ double divisor(const Columns& from, const Lane& it) {
    return on_grid(it) ? it.scale * count_of(from) : count_of(from);
}

__device__ size_t place(const Lane& it, int t) { return it.base + (size_t)t * it.step; }

// Adding 2^52 leaves no fraction bits, so the addition rounds; ticks on a grid are below it.
__device__ double ticks(const Lane& it, double price) {
    const double whole = 4503599627370496.0;
    return on_grid(it) ? (price * it.scale + whole) - whole : price;
}

__device__ double close_ticks(const Columns& from, const Lane& it, int t) {
    return ticks(it, from.close[place(it, t)]) * multiple(from, it);
}

// Sum of the source's columns in ticks; off grid as they are given.
__device__ double column_sum(const Columns& from, const Lane& it, int t) {
    const size_t at = place(it, t);
    double sum = ticks(it, from.source[0][at]);
    for (int i = 1; i < 4; ++i) {  // a fixed number, so that the columns stay in registers
        if (i < from.columns) sum = sum + ticks(it, from.source[i][at]);
    }
    return sum;
}

__device__ double source_price(const Columns& from, const Lane& it, int t) {
    if (from.columns == 0) return from.close[place(it, t)];
    if (from.columns == 1) return from.source[0][place(it, t)];
    return column_sum(from, it, t) / divisor(from, it);
}

__device__ double source_ticks(const Columns& from, const Lane& it, int t) {
    if (from.columns == 0) return ticks(it, from.close[place(it, t)]);
    const double sum = column_sum(from, it, t);
    return from.columns == 1 || on_grid(it) ? sum : sum / divisor(from, it);
}
