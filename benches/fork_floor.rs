//! What fork(2) itself costs for so much resident memory, in pages of 4 kB and in huge ones: no snapshot by fork can stop a process for less.
//!
//! `cargo bench --bench fork_floor`, or with `-- 2000` for another number of megabytes at most.
#![allow(unsafe_code, reason = "fork(2) and mmap(2) are what is measured")]

#[cfg(target_os = "linux")]
fn main() {
    let most: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    println!("| resident, MB | fork(2), pages of 4 kB, ms | huge pages, ms |\n|---:|---:|---:|");
    for megabytes in [50, 200, 500, 1000, 2000, 4000].into_iter().filter(|size| *size <= most) {
        let [small, huge] = [libc::MADV_NOHUGEPAGE, libc::MADV_HUGEPAGE]
            .map(|advice| linux::median_fork_ms(megabytes << 20, advice));
        println!("| {megabytes} | {small:.1} | {huge:.1} |");
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("fork(2) is Linux's way");
}

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Instant;

    const ROUNDS: usize = 15;

    /// The median of the caller's time in fork(2), with that much memory written to.
    pub fn median_fork_ms(bytes: usize, advice: i32) -> f64 {
        // SAFETY: a new private mapping, written to within its bounds, and unmapped with the size it was made with.
        unsafe {
            let memory = libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            assert!(memory != libc::MAP_FAILED, "no memory");
            libc::madvise(memory, bytes, advice);
            for offset in (0..bytes).step_by(4096) {
                memory.cast::<u8>().add(offset).write(1);
            }
            let mut times: Vec<f64> = (0..ROUNDS).map(|_| fork_ms()).collect();
            libc::munmap(memory, bytes);
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        }
    }

    fn fork_ms() -> f64 {
        let begun = Instant::now();
        // SAFETY: this process has one thread; the copy ends at once.
        let id = unsafe { libc::fork() };
        if id == 0 {
            // SAFETY: as above.
            unsafe { libc::_exit(0) }
        }
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        // SAFETY: waits for the child that was just made.
        unsafe { libc::waitpid(id, std::ptr::null_mut(), 0) };
        ms
    }
}
