// The decimal grid of every lane, and [series][bar] to [bar][lane].
__device__ bool is_integer(double x) {
    const double next = __longlong_as_double(__double_as_longlong(fabs(x)) + 1);
    return fabs(x - rint(x)) <= 2.0 * (next - fabs(x));
}

__device__ unsigned decimals_of(double price) {
    unsigned found = 0;
    for (int k = 0; k < DECIMALS; ++k) found |= (unsigned)is_integer(price * power_of_ten(k)) << k;
    return found;
}

// Bit k of found[i] tells whether every price of bar i that takes part is an integer at 10^k.
extern "C" __global__ void __launch_bounds__(256)
atc_decimals(const double* close, const double* source0, const double* source1, const double* source2,
             const double* source3, int columns, unsigned short* found, long long count) {
    const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= (size_t)count) return;
    unsigned bits = decimals_of(close[i]);
    if (columns > 0) bits &= decimals_of(source0[i]);
    if (columns > 1) bits &= decimals_of(source1[i]);
    if (columns > 2) bits &= decimals_of(source2[i]);
    if (columns > 3) bits &= decimals_of(source3[i]);
    found[i] = (unsigned short)bits;
}

__device__ int smallest_decimals(const unsigned short* found, const Lane& it) {
    unsigned bits = it.bars > 0 ? (1u << DECIMALS) - 1 : 0;
    for (int t = 0; t < it.bars && bits; ++t) bits &= found[place(it, t)];
    int k = -1;
    for (int i = DECIMALS - 1; i >= 0; --i) k = bits >> i & 1 ? i : k;
    return k;
}

// The largest integer price of close and source, for a lane that is taken to be on grid.
__device__ double largest_ticks(const Columns& from, const Lane& it) {
    double close = 0.0, source = 0.0;
    for (int t = 0; t < it.bars; ++t) {
        const double price = from.close[place(it, t)];
        close = price > close ? price : close;
        if (from.columns == 0) continue;
        const double other = from.columns == 1 ? from.source[0][place(it, t)] : 0.0;
        source = other > source ? other : source;
        if (from.columns > 1) {
            double sum = 0.0;
            for (int i = 0; i < 4; ++i) {
                if (i < from.columns) sum = sum + rint(from.source[i][place(it, t)] * it.scale);
            }
            source = sum > source ? sum : source;
        }
    }
    close = rint(close * it.scale) * multiple(from, it);
    source = from.columns == 1 ? rint(source * it.scale) : source;
    return close > source ? close : source;
}

// The decimals of every lane, -1 for no grid; `largest` is the largest integer price that stays exact.
extern "C" __global__ void __launch_bounds__(128)
atc_scales(const double* close, const double* source0, const double* source1, const double* source2,
           const double* source3, int columns, const unsigned short* found, const long long* bases, const int* bars,
           long long step, int lanes, double largest, signed char* decimals) {
    const int lane = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (lane >= lanes) return;
    const Columns from = {close, {source0, source1, source2, source3}, columns};
    decimals[lane] = -1;
    const int k = smallest_decimals(found, lane_of(bases, bars, decimals, step, lane));
    if (k < 0) return;
    decimals[lane] = (signed char)k;
    if (!(largest_ticks(from, lane_of(bases, bars, decimals, step, lane)) <= largest)) decimals[lane] = -1;
}

// A flat column to [bar][lane]; what lies behind the end of a series is 1.
extern "C" __global__ void __launch_bounds__(256)
atc_lay(const double* flat, const long long* starts, const int* bars, int lanes, int longest, double* laid) {
    CU_SHARED(double, tile, 32 * 33);
    const int x = (int)threadIdx.x, first_lane = (int)blockIdx.x * 32;
    for (int first = (int)blockIdx.y * 32; first < longest; first += (int)gridDim.y * 32) {
#pragma unroll 1
        for (int y = (int)threadIdx.y; y < 32; y += (int)blockDim.y) {
            const int lane = first_lane + y, t = first + x;
            const bool there = lane < lanes && t < bars[lane];
            tile[y * 33 + x] = there ? flat[(size_t)starts[lane] + (size_t)t] : 1.0;
        }
        __syncthreads();
#pragma unroll 1
        for (int y = (int)threadIdx.y; y < 32; y += (int)blockDim.y) {
            const int lane = first_lane + x, t = first + y;
            if (lane < lanes && t < longest) laid[(size_t)t * (size_t)lanes + (size_t)lane] = tile[x * 33 + y];
        }
        __syncthreads();
    }
}
