//! Any bytes, cut anywhere: an error or a snapshot of which everything can be asked, never a panic.
//!
//! ```sh
//! cargo install cargo-fuzz
//! RUSTC_BOOTSTRAP=1 cargo fuzz run heap_snapshot fuzz/corpus/heap_snapshot tests/data/heap -- \
//!     -dict=fuzz/snapshot.dict -max_len=8192 -max_total_time=1800
//! ```
//! (`RUSTC_BOOTSTRAP` allows a stable compiler the sanitizer; a nightly one does not need it.)

#![no_main]

use heapwatch::heap::{Census, Parser, Progress, Result, Snapshot, compare};
use libfuzzer_sys::fuzz_target;

fn analyze(bytes: &[u8], piece: usize) -> Result<Snapshot> {
    let mut parser = Parser::new();
    for piece in bytes.chunks(piece) {
        parser.push(piece)?;
    }
    Snapshot::analyze(parser.finish()?, &Progress::none())
}

fuzz_target!(|bytes: &[u8]| {
    let whole = analyze(bytes, usize::MAX);
    let pieces = analyze(bytes, 7);
    assert_eq!(whole.is_ok(), pieces.is_ok());
    let (Ok(snapshot), Ok(pieces)) = (whole, pieces) else { return };
    assert_eq!(snapshot.classes(), pieces.classes());
    let graph = snapshot.graph();
    let total: u64 = graph.nodes().fold(0, |sum, node| sum.saturating_add(graph.size(node)));
    assert_eq!(snapshot.retained_size(graph.root()), total);
    for node in graph.nodes() {
        let _ = (graph.display_name(node), graph.detachedness(node), graph.kind_name(node));
        let path = snapshot.shortest_path(node);
        assert!(path.last().is_none_or(|edge| edge.target == node));
        for (source, edge) in snapshot.retainers(node) {
            assert!(graph.edge_range(source).contains(&(edge.index as usize)));
            let _ = graph.edge_name(edge);
        }
        assert!(snapshot.retained_size(snapshot.dominator(node)) >= snapshot.retained_size(node));
    }
    let census = Census::of_snapshot(&snapshot);
    assert!(compare(&census, &Census::of_snapshot_with(&pieces, snapshot.interfaces())).is_empty());
});
