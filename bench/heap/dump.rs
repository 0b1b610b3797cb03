//! What heapwatch makes of snapshots, as text for `oracle/compare.js`, and for measurements:
//!
//! ```text
//! heap_dump table <file>              time of each phase, biggest classes
//! heap_dump dump <file> <out>         all of it
//! heap_dump diff <before> <after> [<out>]
//! heap_dump floor <file>              reads, and counts the commas: what no reader can be faster than
//! ```

use heapwatch::heap::{Census, Progress, Snapshot, compare, read_graph};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["table", file] => table(file),
        ["floor", file] => floor(file),
        ["dump", file, out] => dump(file, out),
        ["diff", before, after] => diff(before, after, None),
        ["diff", before, after, out] => diff(before, after, Some(out)),
        _ => Err("heap_dump table <file> | dump <file> <out> | diff <before> <after> [<out>]".into()),
    }
}

fn table(file: &str) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let graph = read_graph(file, &Progress::none())?;
    let read = start.elapsed();
    let analysis = Instant::now();
    let snapshot = Snapshot::analyze(graph, &Progress::none())?;
    let graph = snapshot.graph();
    eprintln!(
        "{} nodes, {} edges: read {:.3} s, analysed {:.3} s",
        graph.node_count(),
        graph.edge_count(),
        read.as_secs_f64(),
        analysis.elapsed().as_secs_f64()
    );
    for (_, row) in snapshot.biggest_classes(12) {
        println!("{:>12} {:>12} {:>9} {}", row.retained, row.shallow, row.count, row.key.name());
    }
    Ok(())
}

fn floor(file: &str) -> Result<(), Box<dyn Error>> {
    let mut file = File::open(file)?;
    let mut piece = vec![0; 1 << 20];
    let mut commas = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        commas += memchr::memchr_iter(b',', &piece[..length]).count();
    }
    println!("{commas}");
    Ok(())
}

fn key(key: &heapwatch::heap::ClassKey) -> String {
    match key.location {
        Some(at) => format!("{},{},{},{}", at.script, at.line, at.column, key.name()),
        None => format!(",{}", key.name()),
    }
}

fn dump(file: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let snapshot = Snapshot::open(file, &Progress::none())?;
    let graph = snapshot.graph();
    let mut out = BufWriter::new(File::create(out)?);
    let s = snapshot.statistics();
    let statistics = [s.total, s.native, s.typed_arrays, s.v8_heap, s.code, s.arrays, s.strings, s.system];
    writeln!(out, "{}", serde_json::json!({ "statistics": statistics }))?;
    for row in snapshot.classes().iter().filter(|row| row.count > 0) {
        let row = (key(&row.key), row.count, row.shallow, row.retained, row.distance);
        writeln!(out, "{}", serde_json::json!({ "class": row }))?;
    }
    for node in graph.nodes() {
        let id = graph.id(node);
        let dominator = graph.id(snapshot.dominator(node));
        let name = if node % 37 == 0 { graph.display_name(node) } else { "".into() };
        let (size, retained) = (graph.size(node), snapshot.retained_size(node));
        let class = snapshot.classes()[snapshot.class_of(node) as usize].key.name();
        let distance = snapshot.distance(node);
        let node = (id, size, retained, distance, dominator, class, name);
        serde_json::to_writer(&mut out, &node)?;
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

fn diff(before: &str, after: &str, out: Option<&str>) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let progress = Progress::none();
    let snapshot = Snapshot::open(after, &progress)?;
    let after = Census::of_snapshot(&snapshot);
    let before = Census::of_graph(read_graph(before, &progress)?, snapshot.interfaces(), &progress)?;
    let rows = compare(&before, &after);
    eprintln!("{} classes differ: {:.3} s", rows.len(), start.elapsed().as_secs_f64());
    if let Some(out) = out {
        let mut out = BufWriter::new(File::create(out)?);
        for row in &rows {
            let row = (key(&row.key), row.added_count, row.removed_count, row.added_size, row.removed_size);
            writeln!(out, "{}", serde_json::json!(row))?;
        }
        out.flush()?;
    } else {
        for row in rows.iter().take(12) {
            println!("{:>+12} {:>+9} {}", row.size_delta(), row.count_delta(), row.key.name());
        }
    }
    Ok(())
}
