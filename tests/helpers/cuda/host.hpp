// cuhost.hpp - compile CUDA C++ kernels as host C++ (force-included:  g++ -x c++ -include cuhost.hpp demo.cu).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
struct cuhost_uint3 { unsigned x, y, z; };
using dim3 = cuhost_uint3;
namespace cuhost {                                   // implemented in cuhost_rt.cpp (never sanitised with TSan)
struct TL { cuhost_uint3 tid, bid, bdim, gdim; };
extern thread_local TL tl __attribute__((tls_model("initial-exec")));
void block_barrier(int line);
uint64_t warp_exchange(int line, unsigned mask, uint64_t in, int src);   // rendezvous of the lanes in mask; src -1: ballot, -2: __syncwarp
int lane_id();
void* shared_block(int key, size_t bytes);
template <class T, size_t N> T (*shared_array(int key))[N] { return (T(*)[N])shared_block(key, sizeof(T) * N); }
template <class T> T shfl_from(int line, unsigned mask, T v, int src) {
    static_assert(sizeof(T) <= 8 && std::is_trivially_copyable<T>::value, "shuffle type");
    uint64_t b = 0; std::memcpy(&b, &v, sizeof v); b = warp_exchange(line, mask, b, src);
    T r; std::memcpy(&r, &b, sizeof r); return r;
}
template <class T> T shfl_up(int l, unsigned m, T v, unsigned d, int w = 32) {
    int L = lane_id(), s = L - (int)d; if (s < (L & ~(w - 1))) s = L; return shfl_from(l, m, v, s); }
template <class T> T shfl_down(int l, unsigned m, T v, unsigned d, int w = 32) {
    int L = lane_id(), s = L + (int)d; if (s > (L | (w - 1))) s = L; return shfl_from(l, m, v, s); }
template <class T> T shfl_xor(int l, unsigned m, T v, int x, int w = 32) {
    int L = lane_id(), s = L ^ x; if (s > (L | (w - 1))) s = L; return shfl_from(l, m, v, s); }
template <class T> T shfl_idx(int l, unsigned m, T v, int i, int w = 32) {
    int L = lane_id(); return shfl_from(l, m, v, (L & ~(w - 1)) | (i & (w - 1))); }
inline unsigned ballot(int l, unsigned m, int p) { return (unsigned)warp_exchange(l, m, p != 0, -1); }
// ---- generic launcher: same contract as cuLaunchKernel's void** kernelParams
template <class T> constexpr const char* code() {
    using U = std::remove_cv_t<std::remove_pointer_t<T>>;
    constexpr bool p = std::is_pointer<T>::value;
    if constexpr (std::is_same<U, double>::value) return p ? "Pd" : "d";
    else if constexpr (std::is_same<U, float>::value) return p ? "Pf" : "f";
    else if constexpr (std::is_integral<U>::value) {
        constexpr bool s = std::is_signed<U>::value;
        if constexpr (sizeof(U) == 1) return p ? (s ? "Pb" : "PB") : (s ? "b" : "B");
        else if constexpr (sizeof(U) == 2) return p ? (s ? "Ph" : "PH") : (s ? "h" : "H");
        else if constexpr (sizeof(U) == 4) return p ? (s ? "Pi" : "PI") : (s ? "i" : "I");
        else return p ? (s ? "Pq" : "PQ") : (s ? "q" : "Q");
    } else return "?";
}
using Thunk = void (*)(void* fn, void** args);
int launch(Thunk t, void* fn, void** args, const unsigned* grid, const unsigned* block, const int* opt, char* err, int nerr);
template <class... A, size_t... I> void call_(void (*f)(A...), void** a, std::index_sequence<I...>) { f(*(std::remove_cv_t<A>*)a[I]...); }
template <class... A> void thunk(void* fn, void** a) { call_((void (*)(A...))fn, a, std::index_sequence_for<A...>{}); }
template <class... A> Thunk thunk_of(void (*)(A...)) { return &thunk<A...>; }
template <class... A> void signature(void (*)(A...), char* o) { *o = 0; ((std::strcat(o, code<A>()), std::strcat(o, " ")), ...); }
}
#define CUHOST_EXPORT(k) \
  extern "C" int k##__launch(void** a, const unsigned* g, const unsigned* b, const int* o, char* e, int n) { \
      return cuhost::launch(cuhost::thunk_of(&k), (void*)&k, a, g, b, o, e, n); } \
  extern "C" void k##__signature(char* o) { cuhost::signature(&k, o); }

#define __global__
#define __device__ static
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __constant__ static
#define __shared__ _Pragma("GCC error \"use CU_SHARED(type, name, n)\"")
#define CU_SHARED(T, name, N) T (&name)[N] = *cuhost::shared_array<T, N>(__LINE__)
#define CU_FULL 0xffffffffu
#define threadIdx (cuhost::tl.tid)
#define blockIdx (cuhost::tl.bid)
#define blockDim (cuhost::tl.bdim)
#define gridDim (cuhost::tl.gdim)
#define __syncthreads() cuhost::block_barrier(__LINE__)
#define __shfl_sync(...) cuhost::shfl_idx(__LINE__, __VA_ARGS__)
#define __shfl_up_sync(...) cuhost::shfl_up(__LINE__, __VA_ARGS__)
#define __shfl_down_sync(...) cuhost::shfl_down(__LINE__, __VA_ARGS__)
#define __shfl_xor_sync(...) cuhost::shfl_xor(__LINE__, __VA_ARGS__)
#define __ballot_sync(m, p) cuhost::ballot(__LINE__, m, p)
#define __any_sync(m, p) (cuhost::ballot(__LINE__, m, p) != 0)
#define __all_sync(m, p) (cuhost::ballot(__LINE__, m, p) == (m))
#define __syncwarp(...) ((void)cuhost::warp_exchange(__LINE__, CU_FULL, 0, -2))   // full warp only
using std::fabs; using std::fma; using std::fmax; using std::fmin; using std::sqrt; using std::floor; using std::rint; using std::isnan; using std::isfinite;
template <class T> static inline T __ldg(const T* p) { return *p; }
static inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline double __longlong_as_double(long long bits) { double x; std::memcpy(&x, &bits, sizeof x); return x; }
static inline long long __double_as_longlong(double x) { long long bits; std::memcpy(&bits, &x, sizeof bits); return bits; }
static inline double __fma_rn(double a, double b, double c) { return std::fma(a, b, c); }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline double min(double a, double b) { return std::fmin(a, b); }
static inline double max(double a, double b) { return std::fmax(a, b); }
template <class T> static inline T atomicAdd(T* p, T v) { T o, n; __atomic_load(p, &o, __ATOMIC_RELAXED);
    do n = o + v; while (!__atomic_compare_exchange(p, &o, &n, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)); return o; }
