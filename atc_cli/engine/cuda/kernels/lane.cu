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

__device__ __forceinline__ double undefined() { return __longlong_as_double(0x7ff8000000000000LL); }

__device__ __forceinline__ double power_of_ten(int k) {
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
    bool on_grid;
    double scale;     // 10^k
    double multiple;  // of the close's ticks: the source is a sum of so many columns
    double divisor;   // of that sum
    double per_unit;  // ticks per unit of price
};

__device__ __forceinline__ Lane lane_of(const long long* bases, const int* bars, const signed char* decimals,
                                        long long step, int lane, int columns) {
    Lane it;
    it.base = (size_t)bases[lane];
    it.step = (size_t)step;
    it.bars = bars[lane];
    it.decimals = decimals[lane];
    it.on_grid = decimals[lane] >= 0;
    it.scale = power_of_ten(decimals[lane]);
    const double count = columns > 1 ? (double)columns : 1.0;
    it.per_unit = it.on_grid ? it.scale * count : 1.0;
    it.multiple = it.on_grid ? count : 1.0;
    it.divisor = it.on_grid ? it.per_unit : count;
    return it;
}

__device__ __forceinline__ size_t place(const Lane& it, int t) { return it.base + (size_t)t * it.step; }

// Adding 2^52 leaves no fraction bits, so the addition rounds; ticks on a grid are below it.
__device__ __forceinline__ double ticks(const Lane& it, double price) {
    const double whole = 4503599627370496.0;
    return it.on_grid ? (price * it.scale + whole) - whole : price;
}

__device__ __forceinline__ double close_ticks(const Columns& from, const Lane& it, int t) {
    return ticks(it, from.close[place(it, t)]) * it.multiple;
}

// Sum of the source's columns in ticks; off grid as they are given.
__device__ __forceinline__ double column_sum(const Columns& from, const Lane& it, int t) {
    const size_t at = place(it, t);
    double sum = ticks(it, from.source[0][at]);
    for (int i = 1; i < from.columns; ++i) sum = sum + ticks(it, from.source[i][at]);
    return sum;
}

__device__ __forceinline__ double source_price(const Columns& from, const Lane& it, int t) {
    if (from.columns == 0) return from.close[place(it, t)];
    if (from.columns == 1) return from.source[0][place(it, t)];
    return column_sum(from, it, t) / it.divisor;
}

__device__ __forceinline__ double source_ticks(const Columns& from, const Lane& it, int t) {
    if (from.columns == 0) return ticks(it, from.close[place(it, t)]);
    const double sum = column_sum(from, it, t);
    return from.columns == 1 || it.on_grid ? sum : sum / it.divisor;
}
