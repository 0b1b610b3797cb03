//! False alarms and power of the growth verdict on synthetic series: the tables of docs/leak-verdicts.md.
//!
//! `cargo bench --bench growth_simulation`, or with `-- 500` for fewer series a cell.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use synthetic::{Kind, NULLS, shares};

const MAJORS: [usize; 5] = [8, 15, 30, 60, 240];

fn table(title: &str, rows: &[(String, Kind)], runs: usize) {
    println!("\n{title}\n\n| | {} |", MAJORS.map(|majors| format!("{majors} majors")).join(" | "));
    println!("|---{}|", "|---".repeat(MAJORS.len()));
    for (name, kind) in rows {
        let cells = MAJORS.map(|majors| {
            let (leak, clean) = shares(*kind, majors, runs, 42);
            format!("{:.2} % ({:.0} %)", leak * 100.0, clean * 100.0)
        });
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn main() {
    let runs = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(4000);
    println!("{runs} series a cell, one hour each; leak said at any moment (in brackets: clean at the end)");
    let nulls: Vec<(String, Kind)> = NULLS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    table("False alarms", &nulls, runs);
    let sizes = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0];
    let leaks: Vec<(String, Kind)> = sizes.iter().map(|s| (format!("{s} σ"), Kind::Leak(*s))).collect();
    table("Power: growth over the hour, in standard deviations of white noise", &leaks, runs);
    let leaks: Vec<(String, Kind)> =
        sizes.iter().map(|s| (format!("{s} σ"), Kind::LeakInWander(*s))).collect();
    table("Power in AR(0.5) noise", &leaks, runs);
}
