//! What the processor at hand can do.

/// The vector extensions found at run time, among sse2, avx, avx2, fma, avx512f and avx512dq; empty off x86.
#[must_use]
pub fn cpu_features() -> Vec<&'static str> {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let known = [
        ("sse2", is_x86_feature_detected!("sse2")),
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512dq", is_x86_feature_detected!("avx512dq")),
    ];
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let known: [(&str, bool); 0] = [];
    known
        .into_iter()
        .filter(|(_, found)| *found)
        .map(|(name, _)| name)
        .collect()
}
