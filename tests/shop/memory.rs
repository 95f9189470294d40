//! How much memory a process has, as Linux says.

/// The most that it has had, in MiB.
pub fn peak_mib(process: u32) -> u64 {
    kib(process, "VmHWM:") / 1024
}

/// What it has now, in KiB.
pub fn resident_kib(process: u32) -> u64 {
    kib(process, "VmRSS:")
}

fn kib(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
