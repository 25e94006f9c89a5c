// cuhost_rt.cpp - block scheduler: fibers for kernels with barriers, plain loop for barrier-free ones.
// opt[0] mode: 0 fibers, 1 plain loop (a barrier is then an error)   opt[1] order: 0 asc, 1 desc, 2 random(seed)
// opt[2] seed   opt[3] OS threads   opt[4] n selected blocks (0 = all), opt[5..] linear block ids
#include "host.hpp"
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <ucontext.h>
#include <vector>
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim
#if defined(CUHOST_ASAN)
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/asan_interface.h>
#endif
#if defined(CUHOST_TSAN)
extern "C" { void* __tsan_create_fiber(unsigned); void __tsan_destroy_fiber(void*); void* __tsan_get_current_fiber(void);
void __tsan_switch_to_fiber(void*, unsigned); void __tsan_acquire(void*); void __tsan_release(void*); }
#define TSAN(x) x
#define FRESH 1                                      // never reuse stacks / shared memory between blocks of one launch
#else
#define TSAN(x)
#define FRESH 0
#endif
#if defined(__x86_64__) && !defined(CUHOST_UCONTEXT)
#define CUHOST_ASM 1
extern "C" void cuhost_switch(void** save_sp, void* load_sp);
asm(R"(.text
.globl cuhost_switch
.hidden cuhost_switch
.type cuhost_switch,@function
cuhost_switch:
 pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
 movq %rsp,(%rdi); movq %rsi,%rsp
 popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
 ret
.size cuhost_switch,.-cuhost_switch
.section .note.GNU-stack,"",@progbits
.text
)");
#endif
namespace cuhost {
thread_local TL tl __attribute__((tls_model("initial-exec")));
enum State { READY, AT_BLOCK, AT_WARP, DONE };
struct Fiber { void* sp; ucontext_t uc; char* stack; cuhost_uint3 tid; int lin; State st; int line; unsigned mask; uint64_t slot;
               void* tsan; void* fake; };
struct Warp { uint64_t snap[32]; };
constexpr size_t STACK = 64 * 1024;
struct Block {
    std::vector<Fiber> f; std::vector<Warp> w; struct { int key; void* p; } shared[64]; int nshared = 0; char* sync = nullptr; int cur = -1;
    int n = 0, arrived = 0, done = 0, mode = 0; ucontext_t main; void* msp = nullptr; void* tsan_main = nullptr; void* fake_main = nullptr;
    const void* mstack = nullptr; size_t mstack_n = 0; Thunk th; void* fn; void** args; std::string err; bool abort = false;
    char end; std::vector<void*> later;
};
static thread_local Block* B __attribute__((tls_model("initial-exec")));
struct Fail { };
static void fail(const std::string& s) { if (B->err.empty()) B->err = s; B->abort = true; TSAN(__tsan_release(&B->end)); }
static std::string who(int lin) { auto& t = tl; return "block (" + std::to_string(t.bid.x) + "," + std::to_string(t.bid.y) + "," + std::to_string(t.bid.z) + ") thread " + std::to_string(lin); }
static void to_main() {
    Block* b = B; Fiber& f = b->f[b->cur];
#if defined(CUHOST_ASAN)
    __sanitizer_start_switch_fiber(f.st == DONE ? nullptr : &f.fake, b->mstack, b->mstack_n);
#endif
    TSAN(__tsan_switch_to_fiber(b->tsan_main, 1));
#if CUHOST_ASM
    cuhost_switch(&f.sp, b->msp);
#else
    swapcontext(&f.uc, &b->main);
#endif
#if defined(CUHOST_ASAN)
    __sanitizer_finish_switch_fiber(f.fake, &b->mstack, &b->mstack_n);
#endif
    if (b->abort) throw Fail{};
}
static void entry() {
    Block* b = B;
#if defined(CUHOST_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, &b->mstack, &b->mstack_n);
#endif
    try { if (!b->abort) b->th(b->fn, b->args); } catch (Fail&) { } catch (...) { fail("C++ exception in kernel"); }
    b->f[b->cur].st = DONE; ++b->done; TSAN(__tsan_release(&b->end)); to_main(); std::abort();
}
static void resume(Block* b, int i) {
    Fiber& f = b->f[i]; b->cur = i; tl.tid = f.tid;
#if defined(CUHOST_ASAN)
    __sanitizer_start_switch_fiber(&b->fake_main, f.stack, STACK);
#endif
    TSAN(__tsan_switch_to_fiber(f.tsan, 1));         // 1 = no happens-before edge from the switch itself
#if CUHOST_ASM
    cuhost_switch(&b->msp, f.sp);
#else
    swapcontext(&b->main, &f.uc);
#endif
#if defined(CUHOST_ASAN)
    __sanitizer_finish_switch_fiber(b->fake_main, nullptr, nullptr);
#endif
    b->cur = -1;
}
void block_barrier(int line) {
    Block* b = B; if (b->mode == 1) { fail("__syncthreads at line " + std::to_string(line) + " in a kernel launched as barrier-free"); throw Fail{}; }
    Fiber& f = b->f[b->cur]; f.line = line; f.st = AT_BLOCK;
    TSAN(__tsan_release(b->sync));
    if (++b->arrived == b->n) { bool same = true; for (auto& g : b->f) same &= g.line == line && g.st == AT_BLOCK;
        if (!same) { fail("divergent __syncthreads: threads of one block wait at different lines (one is " + std::to_string(line) + ")"); throw Fail{}; }
        b->arrived = 0; for (auto& g : b->f) g.st = READY; }
    to_main();
    TSAN(__tsan_acquire(b->sync));
}
uint64_t warp_exchange(int line, unsigned mask, uint64_t in, int src) {
    Block* b = B; auto at = [&](const char* m) { fail("warp op at line " + std::to_string(line) + ": " + m); throw Fail{}; };
    if (b->mode == 1) at("used in a kernel launched as barrier-free");
    Fiber& f = b->f[b->cur]; const int w = f.lin / 32, base = w * 32; Warp& W = b->w[w];
    if (!(mask >> (f.lin & 31) & 1u)) at("calling lane not in its own mask");
    if (src >= 0 && !(mask >> src & 1u)) at("shuffle reads a lane outside its mask");
    f.line = line; f.mask = mask; f.st = AT_WARP; f.slot = in;
    TSAN(if (src == -2) __tsan_release(b->sync + 2 + w));   // shuffles and votes order no memory, only __syncwarp does
    bool all = true;
    for (int l = 0; l < 32; ++l) if (mask >> l & 1u) {
        if (base + l >= b->n) at("mask names a lane that does not exist (blockDim not a multiple of 32)");
        Fiber& g = b->f[base + l]; if (g.st != AT_WARP || g.line != line || g.mask != mask) all = false; }
    if (all) for (int l = 0; l < 32; ++l) if (mask >> l & 1u) { W.snap[l] = b->f[base + l].slot; b->f[base + l].st = READY; }
    to_main();
    TSAN(if (src == -2) __tsan_acquire(b->sync + 2 + w));
    if (src >= 0) return W.snap[src];
    uint64_t r = 0; for (int l = 0; l < 32; ++l) if (mask >> l & 1u) r |= W.snap[l] << l;
    return r;
}
int lane_id() { return (B->mode == 1) ? 0 : B->f[B->cur].lin & 31; }
void* shared_block(int key, size_t bytes) {
    Block* b = B; int i = 0; while (i < b->nshared && b->shared[i].key != key) ++i;
    if (i == b->nshared) {
        void* p = std::malloc(bytes); std::memset(p, 0xff, bytes);   // NaN poison: shared memory is uninitialised on the GPU
        b->shared[b->nshared++] = {key, p}; TSAN(__tsan_release(b->sync + 1));
    }
    TSAN(__tsan_acquire(b->sync + 1));
    return b->shared[i].p;
}
static void free_shared(Block& b) {
    for (int i = 0; i < b.nshared; ++i) { if (FRESH) b.later.push_back(b.shared[i].p); else std::free(b.shared[i].p); }
    b.nshared = 0;
}
static void run_block(Block& b, int order, std::mt19937& rng) {
    const cuhost_uint3 d = tl.bdim; B = &b; b.n = d.x * d.y * d.z;
    if (b.mode == 1) {
        std::vector<int> o(b.n); std::iota(o.begin(), o.end(), 0); if (order == 1) std::reverse(o.begin(), o.end()); if (order == 2) std::shuffle(o.begin(), o.end(), rng);
        for (int i : o) { tl.tid = {i % d.x, i / d.x % d.y, i / (d.x * d.y)}; try { b.th(b.fn, b.args); } catch (Fail&) { } if (b.abort) break; }
            free_shared(b); return;
    }
    if (b.f.empty()) { b.f.resize(b.n); b.w.resize((b.n + 31) / 32); for (auto& f : b.f) f.stack = nullptr; }
    for (auto& f : b.f) { if (FRESH && f.stack) b.later.push_back(f.stack); if (FRESH || !f.stack) f.stack = (char*)std::aligned_alloc(64, STACK); }
    b.done = b.arrived = 0;
    TSAN(b.tsan_main = __tsan_get_current_fiber(); b.sync = (char*)std::malloc(2 + 32); b.later.push_back(b.sync));   // fresh: no edges between blocks
    std::vector<int> o(b.n);
    for (int i = 0; i < b.n; ++i) {
        Fiber& f = b.f[i]; o[i] = i; f.lin = i; f.tid = {i % d.x, i / d.x % d.y, i / (d.x * d.y)}; f.st = READY; f.line = 0; f.fake = nullptr;
#if defined(CUHOST_ASAN)
        __asan_unpoison_memory_region(f.stack, STACK);   // frames of the previous block were never popped
#endif
#if CUHOST_ASM
        void** sp = (void**)(f.stack + STACK); *--sp = nullptr; *--sp = (void*)&entry; for (int k = 0; k < 6; ++k) *--sp = nullptr; f.sp = sp;
#else
        getcontext(&f.uc); f.uc.uc_stack.ss_sp = f.stack; f.uc.uc_stack.ss_size = STACK; f.uc.uc_link = nullptr; makecontext(&f.uc, (void (*)())entry, 0);
#endif
        TSAN(f.tsan = __tsan_create_fiber(0));
    }
    if (order == 1) std::reverse(o.begin(), o.end());
    while (b.done < b.n) {
        if (order == 2) std::shuffle(o.begin(), o.end(), rng);
        bool progress = false;
        for (int i : o) if (b.f[i].st == READY || (b.abort && b.f[i].st != DONE)) { resume(&b, i); progress = true; }
        if (!progress) {                             // deadlock = divergent barrier / exited threads / partial mask
            std::string s = "deadlock in " + who(0) + ".. :"; std::map<std::string, int> c;
            for (auto& f : b.f) c[f.st == DONE ? "exited" : (f.st == AT_BLOCK ? "__syncthreads line " : "warp op line ") + std::to_string(f.line)]++;
            for (auto& kv : c) s += " " + std::to_string(kv.second) + " x " + kv.first + ";";
            fail(s);
        }
    }
    TSAN(for (auto& f : b.f) __tsan_destroy_fiber(f.tsan));
    free_shared(b);
}
int launch(Thunk t, void* fn, void** args, const unsigned* g, const unsigned* bl, const int* opt, char* err, int nerr) {
    const long total = (long)g[0] * g[1] * g[2], nsel = opt[4], n = nsel ? nsel : total; err[0] = 0;
    const long nt = (long)bl[0] * bl[1] * bl[2];
    auto bad = [&](const char* m) { std::snprintf(err, nerr, "%s", m); return 2; };
    if (total == 0 || nt == 0) return bad("zero-sized grid or block (CUDA_ERROR_INVALID_VALUE)");
    if (nt > 1024 || bl[0] > 1024 || bl[1] > 1024 || bl[2] > 64) return bad("block too large (CUDA_ERROR_INVALID_VALUE)");
    if (g[0] > 2147483647u || g[1] > 65535 || g[2] > 65535) return bad("grid too large (CUDA_ERROR_INVALID_VALUE)");
    std::atomic<long> next{0}; std::mutex mu; std::string first; const int nth = opt[3] < 1 ? 1 : opt[3];
    auto work = [&](int id) {
        std::mt19937 rng(opt[2] * 1000003u + id); Block b; b.mode = opt[0]; b.th = t; b.fn = fn; b.args = args;
        for (;;) {
            long i = next.fetch_add(1); if (i >= n || !first.empty()) break;
            long k = nsel ? opt[5 + i] : (opt[1] == 1 ? n - 1 - i : i);
            tl.bid = {(unsigned)(k % g[0]), (unsigned)(k / g[0] % g[1]), (unsigned)(k / ((long)g[0] * g[1]))};
            tl.bdim = {bl[0], bl[1], bl[2]}; tl.gdim = {g[0], g[1], g[2]};
            run_block(b, opt[1], rng);
            if (b.abort) { TSAN(__tsan_acquire(&b.end)); std::lock_guard<std::mutex> l(mu); if (first.empty()) first = b.err; break; }
        }
        TSAN(__tsan_acquire(&b.end));                    // the launch has completed: everything is visible to the host
        for (auto& f : b.f) std::free(f.stack);
        for (void* p : b.later) std::free(p);
    };
    if (nth == 1) work(0); else { std::vector<std::thread> v; for (int i = 0; i < nth; ++i) v.emplace_back(work, i); for (auto& x : v) x.join(); }
    if (!first.empty()) { std::snprintf(err, nerr, "%s", first.c_str()); return 1; }
    return 0;
}
}
extern "C" void* cuhost_alloc(size_t n) { return std::malloc(n ? n : 1); }
extern "C" void cuhost_free(void* p) { std::free(p); }
