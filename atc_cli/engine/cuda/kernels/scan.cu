// One block takes ATC_LANES lanes through time. Its threads have roles, one barrier apart: prices of tile k are loaded
// while members ride tile k-1, layers sum up tile k-2 and Average_Signal is formed of tile k-3.
// The most threads of a block of atc_lts, and blocks that registers leave room for.
#ifndef ATC_THREADS
#define ATC_THREADS 512
#endif
#ifndef ATC_RESIDENT
#define ATC_RESIDENT 1
#endif
#define LAYER_THREADS (((FAMILIES + 1) * ATC_LANES + 31) / 32 * 32)
#define LOAD_PARTS (32 / ATC_LANES)
#define STAGES 4
enum Role { LOADS, RIDES, SUMS, SHOWS };

template <bool TV>
__device__ void load_bar(int t, int at, const Columns& from, const Lane& it, const Rules& rules,
                         const Shared& shared) {
    const double close = close_ticks(from, it, t);
    double rate = 0.0;
    if (t > rules.cutout) {
        const double before = close_ticks(from, it, t - 1);
        rate = ((close - before) / before) * rules.growth[t - rules.cutout];
    }
    shared.close[at] = from.close[place(it, t)];
    shared.close_ticks[at] = close;
    shared.source[at] = source_price(from, it, t);
    shared.source_ticks[at] = source_ticks(from, it, t);
    shared.rate[at] = rate;
    shared.rise[at] = 1.0 + rate;
    shared.fall[at] = 1.0 - rate;
}

__device__ Bar bar_at(const Shared& shared, int t, int row, int lane) {
    const int at = row * ATC_LANES + lane;
    return {t, row, shared.close[at], shared.source[at], shared.close_ticks[at], shared.source_ticks[at],
            shared.rise[at], shared.fall[at]};
}

template <bool TV>
__device__ void run(const Columns& from, const long long* bases, const int* bars,
                    const signed char* decimals, long long step, int lanes, const int* riders,
                    const double* constants, int rider_threads, double* ring,
                    const Rules& rules, const Results& out) {
    CU_SHARED(double, prices, 7 * PRICE_TILES * TILE_VALUES);
    CU_SHARED(double, equity, VOTE_TILES * CELLS * TILE_VALUES);
    CU_SHARED(signed char, sign, VOTE_TILES * CELLS * TILE_VALUES);
    CU_SHARED(double, weight, VOTE_TILES * FAMILIES * TILE_VALUES);
    CU_SHARED(signed char, cut, VOTE_TILES * FAMILIES * TILE_VALUES);
    const int column = PRICE_TILES * TILE_VALUES;
    const Shared shared = {prices, prices + column, prices + 2 * column, prices + 3 * column, prices + 4 * column,
                           prices + 5 * column, prices + 6 * column, equity, sign, weight, cut};
    // Riders, then the families of each lane and its signal, then those that load prices.
    const int me = (int)threadIdx.x, behind = me - rider_threads - LAYER_THREADS;
    const int place = behind >= 0 ? behind : me < rider_threads ? me : me - rider_threads;
    const int lane_place = place % ATC_LANES, part = place / ATC_LANES;
    const int role = behind >= 0 ? LOADS : me < rider_threads ? RIDES : part < FAMILIES ? SUMS : SHOWS;
    Rider rider;
    rider.ring = ring;

    for (int first = (int)blockIdx.x * ATC_LANES; first < lanes; first += (int)gridDim.x * ATC_LANES) {
        int longest = 0;
        for (int i = first; i < lanes && i < first + ATC_LANES; ++i) longest = bars[i] > longest ? bars[i] : longest;
        const int tiles = (longest + ATC_TILE - 1) / ATC_TILE, lane = first + lane_place;
        const bool busy = role == SUMS ? rules.families >> part & 1 : role == SHOWS ? part == FAMILIES : true;
        const bool there = lane < lanes && busy;
        const Lane it = lane_of(bases, bars, decimals, step, lane < lanes ? lane : first);
        const int row = out.rows[lane < lanes ? lane : first];
        for (int i = 0; i < STATE; ++i) rider.state[i] = 0.0;
        const Layer layer = {rider.state[0], rider.state[1], rider.state[2]};
        const Signal signal = {rider.state[0], rider.state[1], rider.state[2]};
        if (role == RIDES) mount(rider, riders, constants, part);
        else if (role == SUMS) layer.equity = rules.starts[part];
        else signal.flipped = -1.0;

        for (int turn = 0; turn < tiles + STAGES - 1; ++turn) {
            const int tile = turn - role;
            if (there && tile >= 0 && tile < tiles) {
                const int price_row = tile % PRICE_TILES * ATC_TILE, vote_row = tile % VOTE_TILES * ATC_TILE;
#pragma unroll 1
                for (int j = role == LOADS ? part : 0; j < ATC_TILE; j += role == LOADS ? LOAD_PARTS : 1) {
                    const int t = tile * ATC_TILE + j;
                    if (t >= it.bars) break;
                    if (role == LOADS) {
                        load_bar<TV>(t, (price_row + j) * ATC_LANES + lane_place, from, it, rules, shared);
                    } else if (role == RIDES) {
                        const Bar bar = bar_at(shared, t, price_row + j, lane_place);
                        const Booth booth = {rules, it, lane_place, vote_row + j, shared, out, row};
                        if (TV) ride_tradingview(rider, from, it, bar, booth);
                        else ride_lts(rider, from, it, bar, booth);
                    } else if (role == SUMS) {
                        layer_bar<TV>(layer, t, price_row + j, vote_row + j, part, lane_place, it, rules, shared, out,
                                      row);
                    } else {
                        signal_bar<TV>(signal, t, vote_row + j, lane_place, it, rules, shared, out, row);
                    }
                }
            }
            __syncthreads();
        }
    }
}

#define ARGUMENTS                                                                                                    \
    const double *close, const double *source0, const double *source1, const double *source2, const double *source3, \
    int columns, const long long *bases, const int *bars, const signed char *decimals, long long step, int lanes,    \
    const double *growth, const int *riders, const double *constants, int rider_threads, double *ring,               \
    const double *starts, int families, int cutout, double keep, double over, double under, double long_cut,         \
    double short_cut, int delayed, double *average, double *layer_1, double *layer_2, long long *flipped,            \
    signed char *member_sign, double *member_equity, signed char *grid, const int *rows, long long width,            \
    int wants_layers, int every_bar, int wants_members, int all_members

#define RUN(TV)                                                                                              \
    const Columns from = {close, {source0, source1, source2, source3}, columns};                             \
    const Rules rules = {cutout, keep, growth, starts, families, over, under, long_cut, short_cut, delayed}; \
    const Results out = {average, layer_1, layer_2, flipped, member_sign, member_equity, grid, rows, width,  \
                         wants_layers, every_bar, wants_members, all_members};                               \
    run<TV>(from, bases, bars, decimals, step, lanes, riders, constants, rider_threads, ring, rules, out)

extern "C" __global__ void __launch_bounds__(ATC_THREADS, ATC_RESIDENT) atc_lts(ARGUMENTS) { RUN(false); }

// Where families share no lengths; registers are then short.
extern "C" __global__ void __launch_bounds__(608) atc_lts_wide(ARGUMENTS) { RUN(false); }

extern "C" __global__ void __launch_bounds__(608) atc_tradingview(ARGUMENTS) { RUN(true); }
