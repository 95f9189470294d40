//! How large a run is: small in the suite, full when a command says so.

/// The number that the environment gives, or the suite's.
pub fn of(variable: &str, in_the_suite: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => in_the_suite,
    }
}
