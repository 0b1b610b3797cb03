//! False alarms and power of the growth verdict on synthetic series: the tables of docs/leak-verdicts.md.
//!
//! `cargo bench --bench growth_simulation`, or with `-- 500` for fewer series a cell, and with `-- 4000 lives` for the longer lives alone.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

use synthetic::{Kind, Life, NULLS, shares};

const MAJORS: [usize; 5] = [8, 15, 30, 60, 240];
/// Lives with a major GC every two minutes.
const HOURS: [u16; 5] = [1, 2, 6, 12, 48];
const MAJORS_AN_HOUR: usize = 30;
const SIGMAS: [f64; 9] = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 40.0];

type Row = (String, Kind);

fn table(title: &str, columns: &[(String, Life)], rows: &[Row], runs: usize) {
    let head: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    println!("\n**{title}**\n\n| | {} |\n|---{}|", head.join(" | "), "|---:".repeat(columns.len()));
    for (name, kind) in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, life)| {
                let (leak, clean) = shares(*kind, *life, runs, 42);
                format!("{:.1} % ({:.0} %)", leak * 100.0, clean * 100.0)
            })
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn main() {
    let runs: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(4000);
    let four: Vec<(String, Life)> =
        MAJORS.iter().map(|&majors| (format!("{majors} majors"), Life::four_hours(majors))).collect();
    let long: Vec<(String, Life)> = HOURS
        .iter()
        .map(|&hours| {
            let life = Life { hours: f64::from(hours), majors: usize::from(hours) * MAJORS_AN_HOUR };
            (format!("{hours} h"), life)
        })
        .collect();
    let nulls: Vec<Row> = NULLS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let leaks = |kind: fn(f64) -> Kind| -> Vec<Row> {
        SIGMAS.iter().map(|&sigmas| (format!("{sigmas} σ an hour"), kind(sigmas))).collect()
    };
    if !std::env::args().any(|argument| argument == "lives") {
        println!("Leak said at any moment (in brackets: clean at the end), of {runs} series of four hours:");
        table("False alarms", &four, &nulls, runs);
        table("Power in white noise", &four, &leaks(Kind::Leak), runs);
        table("Power in AR(0.5) noise", &four, &leaks(Kind::LeakInWander), runs);
    }
    let fewer = runs / 4;
    println!("\nThe same of {fewer} series of longer lives, with {MAJORS_AN_HOUR} majors an hour:");
    table("False alarms", &long, &nulls, fewer);
    table("Power in white noise", &long, &leaks(Kind::Leak), fewer);
}
