// A rider is one thread's average: of one length, for up to three families that share its sums.

enum Kind { IDLE, EXPONENTIAL, WINDOWS, KAMA, SIMPLE, REGRESSION };
#define STATE 6
#define SLOTS 3
#define RIDER_INTS (2 + SLOTS)  // kind, length, the cell of each slot
#define RIDER_CONSTANTS 9

// What it carries from bar to bar; the names of `state` are those of its kind.
struct Rider {
    int kind, length;
    int place;  // where the next value goes in the ring
    double state[STATE];
    Cell cells[SLOTS];
    const double* constants;
    double* ring;  // of all threads
};

// Neighbouring threads have neighbouring values; the place is worked out anew because registers are scarce.
__device__ double& ring_at(const Rider& me, int i) {
    return me.ring[((size_t)i * gridDim.x + blockIdx.x) * blockDim.x + threadIdx.x];
}

__device__ void next_place(Rider& me, int length) { me.place = me.place + 1 == length ? 0 : me.place + 1; }

// What a member is voted for at one bar.
struct Booth {
    const Rules& rules;
    const Lane& it;
    int lane, ballot;
    const Shared& shared;
    const Results& out;
    int row;
};

template <bool TV>
__device__ void vote(Rider& me, int slot, const Bar& bar, double close, double average,
                     const Booth& booth) {
    vote<TV>(me.cells[slot], bar, close, average, booth.rules, booth.it, booth.lane, booth.ballot, booth.shared,
             booth.out, booth.row);
}

__device__ void mount(Rider& me, const int* riders, const double* constants, int rider) {
    const int* row = riders + rider * RIDER_INTS;
    me.kind = row[0];
    me.length = row[1];
    me.place = 0;
    me.constants = constants + rider * RIDER_CONSTANTS;
    for (int slot = 0; slot < SLOTS; ++slot) me.cells[slot] = {row[2 + slot], 1.0, 0u};
}
