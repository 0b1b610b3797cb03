//! What heapwatch makes of the snapshots in tests/data/heap is what Chrome DevTools makes of them: its own code wrote the
//! expectations (`bench/heap/make-golden.js`).

use heapwatch::heap::{Census, ClassKey, Parser, Progress, Snapshot, compare, read_graph};
use serde::Deserialize;
use std::path::PathBuf;

const PAIRS: [u32; 4] = [11, 12, 13, 14];

#[derive(Deserialize)]
struct Expected {
    statistics: Vec<u64>,
    classes: Vec<(String, u32, u64, u64, i32)>,
    nodes: Vec<(u32, u64, u64, i32, u32, String, String)>,
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/heap").join(name)
}

fn json<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

/// DevTools' text of a key.
fn text(key: &ClassKey) -> String {
    match key.location {
        Some(at) => format!("{},{},{},{}", at.script, at.line, at.column, key.name()),
        None => format!(",{}", key.name()),
    }
}

/// JavaScript's order of strings is that of UTF-16 units.
fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn open(name: &str) -> Snapshot {
    Snapshot::open(file(name), &Progress::none()).unwrap()
}

#[test]
fn nodes_classes_and_statistics_are_those_of_devtools() {
    for name in PAIRS.iter().flat_map(|seed| ["a", "b"].map(|half| format!("random-{seed}-{half}"))) {
        let snapshot = open(&format!("{name}.heapsnapshot"));
        let expected: Expected = json(&format!("{name}.json"));
        let graph = snapshot.graph();
        let nodes: Vec<_> = graph
            .nodes()
            .map(|node| {
                (
                    graph.id(node),
                    graph.size(node),
                    snapshot.retained_size(node),
                    snapshot.distance(node),
                    graph.id(snapshot.dominator(node)),
                    snapshot.classes()[snapshot.class_of(node) as usize].key.name().into_owned(),
                    graph.display_name(node).into_owned(),
                )
            })
            .collect();
        assert_eq!(nodes, expected.nodes, "{name}");
        let mut classes: Vec<_> = snapshot
            .classes()
            .iter()
            .filter(|row| row.count > 0)
            .map(|row| (text(&row.key), row.count, row.shallow, row.retained, row.distance))
            .collect();
        classes.sort_by_key(|row| utf16(&row.0));
        assert_eq!(classes, expected.classes, "{name}");
        let s = snapshot.statistics();
        let sums = [s.total, s.native, s.typed_arrays, s.v8_heap, s.code, s.arrays, s.strings, s.system];
        assert_eq!(sums, expected.statistics.as_slice(), "{name}");
    }
}

#[test]
fn comparison_is_that_of_devtools_with_and_without_the_earlier_graph() {
    for seed in PAIRS {
        let files = ["a", "b"].map(|half| format!("random-{seed}-{half}.heapsnapshot"));
        let after = open(&files[1]);
        let progress = Progress::none();
        let graph = read_graph(file(&files[0]), &progress).unwrap();
        let counted = Census::of_graph(graph, after.interfaces(), &progress).unwrap();
        let analysed = Census::of_snapshot_with(&open(&files[0]), after.interfaces());
        for before in [counted, analysed] {
            let mut rows: Vec<_> = compare(&before, &Census::of_snapshot(&after))
                .into_iter()
                .map(|row| {
                    (text(&row.key), row.added_count, row.removed_count, row.added_size, row.removed_size)
                })
                .collect();
            rows.sort_by_key(|row| utf16(&row.0));
            let expected: Vec<(String, u32, u32, u64, u64)> = json(&format!("random-{seed}-comparison.json"));
            assert_eq!(rows, expected, "pair {seed}");
        }
    }
}

#[test]
fn how_the_bytes_are_cut_does_not_matter() {
    let bytes = std::fs::read(file("random-11-a.heapsnapshot")).unwrap();
    let whole = open("random-11-a.heapsnapshot");
    for piece in [1, 3, 64, 1000] {
        let mut parser = Parser::new();
        bytes.chunks(piece).for_each(|bytes| parser.push(bytes).unwrap());
        let snapshot = Snapshot::analyze(parser.finish().unwrap(), &Progress::none()).unwrap();
        assert_eq!(snapshot.classes(), whole.classes(), "pieces of {piece}");
    }
}

#[test]
fn paths_lead_from_a_global_to_the_node_over_edges_that_exist() {
    let snapshot = open("random-13-a.heapsnapshot");
    let graph = snapshot.graph();
    let mut found = 0;
    for node in graph.nodes() {
        let path = snapshot.shortest_path(node);
        let Some(last) = path.last() else { continue };
        assert_eq!(last.target, node);
        for pair in path.windows(2) {
            assert_eq!(pair[0].target, graph.edge_source(pair[1].index));
        }
        let start = graph.edge_source(path[0].index);
        assert!(snapshot.distance(start) <= 1 || start == graph.root());
        assert!(snapshot.retainers(node).any(|(_, edge)| edge == *last));
        found += 1;
    }
    assert!(found > 20, "{found} paths");
}

#[test]
fn census_knows_whether_ids_are_shared() {
    let census = |name| Census::of_snapshot(&open(name));
    let (a, b) = (census("random-12-a.heapsnapshot"), census("random-12-b.heapsnapshot"));
    assert!(a.shared_ids(&a) > 0.99);
    assert!(a.shared_ids(&b) > 0.3, "{}", a.shared_ids(&b));
}
