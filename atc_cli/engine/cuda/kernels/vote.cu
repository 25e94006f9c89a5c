// What the roles of a block hand each other through shared memory, and one member's part in a bar.

// Bars in flight: prices are loaded, ridden and used by the layers, one barrier apart.
#define PRICE_TILES 3
#define VOTE_TILES 2
#define TILE_VALUES (ATC_TILE * ATC_LANES)

struct Shared {
    double *close, *source, *close_ticks, *source_ticks, *rate, *rise, *fall;  // [PRICE_TILES][bar][lane]
    double* equity;        // [VOTE_TILES][bar][cell][lane]
    signed char* sign;     // the same
    double* weight;        // [VOTE_TILES][bar][family][lane]
    signed char* cut;      // the same
};

// One bar in shared memory, as members see it.
struct Bar {
    int t, row;  // bar number, place in the arrays of prices
    double close, source, close_ticks, source_ticks, rise, fall;
};

struct Rules {
    int cutout;
    double keep;
    const double* growth;
    const double* starts;       // of layer 2, [FAMILIES]
    int families;               // bit f: family f takes part
    double over, under;         // cuts of X in hundredths
    double long_cut, short_cut; // thresholds of Average_Signal
    int delayed;
};

// Where results go; a row over time is `width` long and right-aligned.
struct Results {
    double *average, *families, *weights;
    long long* flipped;
    signed char* member_sign;
    double* member_equity;
    signed char* grid;
    const int* rows;
    long long width;
    int layers, every_bar, members, all_members;  // what is wanted
};

__device__ size_t spot(const Results& out, size_t row, const Lane& it, int t, int over_time) {
    return over_time ? row * (size_t)out.width + (size_t)(out.width - it.bars + t) : row;
}

// `tradingview` lets pass what is less than 1e-10 below: the smallest float64 that is not more than that below 0.25.
#define TOLERATED 0.24999999990000001

template <bool TV> __device__ double floored(double equity) {
    return equity < (TV ? TOLERATED : 0.25) ? 0.25 : equity;
}

// Marks of a member: its signal, and on which sides of its average the close was at the bar before.
#define UP 1u
#define DOWN 2u
#define NOT_ABOVE 4u
#define NOT_BELOW 8u

template <bool TV> __device__ unsigned crossed(unsigned marks, double close, double average) {
    const bool le = close <= average, ge = close >= average;
    const bool up = ge && !le && (marks & NOT_ABOVE), down = le && !ge && (marks & NOT_BELOW);
    unsigned signal = up ? UP : down ? DOWN : marks & (UP | DOWN);
    if (TV && !le && !ge) return signal | (marks & (NOT_ABOVE | NOT_BELOW));
    return signal | (le ? NOT_ABOVE : 0u) | (ge ? NOT_BELOW : 0u);
}

// One member between two bars.
struct Cell {
    int cell;  // family * MEMBERS + member, -1 where it takes no part
    double equity;
    unsigned marks;
};

template <bool TV>
__device__ void vote(Cell& cell, const Bar& bar, double close, double average, const Rules& rules,
                     const Lane& it, int lane, int ballot, const Shared& shared, const Results& out,
                     int row) {
    if (cell.cell < 0) return;
    if (bar.t > rules.cutout) {
        const double factor = cell.marks & UP ? bar.rise : cell.marks & DOWN ? bar.fall : 1.0;
        cell.equity = floored<TV>((cell.equity * rules.keep) * factor);
    }
    cell.marks = crossed<TV>(cell.marks, close, average);
    const signed char sign = (signed char)((cell.marks & UP ? 1 : 0) - (cell.marks & DOWN ? 1 : 0));
    const int at = (ballot * CELLS + cell.cell) * ATC_LANES + lane;
    shared.equity[at] = cell.equity;
    shared.sign[at] = sign;
    if (out.all_members || (out.members && bar.t == it.bars - 1)) {
        const size_t place = spot(out, (size_t)row * CELLS + (size_t)cell.cell, it, bar.t, out.all_members);
        out.member_sign[place] = sign;
        if (bar.t >= rules.cutout) out.member_equity[place] = cell.equity;
    }
}
