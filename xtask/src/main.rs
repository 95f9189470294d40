//! The project's own chores: `cargo xtask --help`.

mod install;
mod process;
mod proof;
mod schemathesis;
mod test;
mod up;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Tests, proves and measures Tillstream",
    version
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Test(test::Arguments),
    Crash(proof::Crash),
    Faults(proof::Faults),
    FlashSale(proof::FlashSale),
    ImportAll(proof::ImportAll),
    RandomClients(proof::RandomClients),
    Schemathesis(schemathesis::Schemathesis),
    Bench(proof::Bench),
    Up(up::Up),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Test(arguments) => test::run(&arguments),
        Task::Crash(arguments) => arguments.run(),
        Task::Faults(arguments) => arguments.run(),
        Task::FlashSale(arguments) => arguments.run(),
        Task::ImportAll(arguments) => arguments.run(),
        Task::RandomClients(arguments) => arguments.run(),
        Task::Schemathesis(arguments) => arguments.run(),
        Task::Bench(arguments) => arguments.run(),
        Task::Up(arguments) => arguments.run(),
    }
}
