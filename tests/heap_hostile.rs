//! No input makes heapwatch panic, hang or take memory out of proportion: damaged files give an error that says where.

mod heap_text;

use heap_text::{ELEMENT, META, OBJECT, PROPERTY, SHORTCUT, Text};
use heapwatch::heap::{Error, Graph, Parser, Progress, Result, Snapshot, read_graph};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts live bytes and their peak.
struct Counting;

static LIVE_BYTES: AtomicUsize = AtomicUsize::new(0);
static PEAK_BYTES: AtomicUsize = AtomicUsize::new(0);
/// Tests that measure memory run one at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn grow(bytes: usize) {
    let live = LIVE_BYTES.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK_BYTES.fetch_max(live, Ordering::Relaxed);
}

// SAFETY: hands every call on to the system's allocator and only counts beside it.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement; this one is a test's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size);
        LIVE_BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn parse(bytes: &[u8]) -> Result<Graph> {
    let mut parser = Parser::new();
    for piece in bytes.chunks(64 * 1024) {
        parser.push(piece)?;
    }
    parser.finish()
}

fn analyze(bytes: &[u8]) -> Result<Snapshot> {
    Snapshot::analyze(parse(bytes)?, &Progress::none())
}

/// The peak of memory above what lived before, in bytes per byte of `bytes`.
fn memory_ratio(bytes: &[u8]) -> (f64, Result<Snapshot>) {
    let before = LIVE_BYTES.load(Ordering::Relaxed);
    PEAK_BYTES.store(before, Ordering::Relaxed);
    let result = analyze(bytes);
    let peak = PEAK_BYTES.load(Ordering::Relaxed) - before;
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let ratio = peak as f64 / bytes.len() as f64;
    (ratio, result)
}

/// A little of everything.
fn small() -> Vec<u8> {
    let mut text = Text::new();
    text.nodes[0].4 = vec![(SHORTCUT, 1, 1), (ELEMENT, 7, 2)];
    text.nodes.push((OBJECT, 1, 3, 16, vec![(PROPERTY, 2, 2), (6, 2, 3)]));
    text.nodes.push((0, 1, 5, 24, vec![(ELEMENT, 0, 1)]));
    text.nodes.push((8, 1, 6, 5_000_000_000, Vec::new()));
    text.strings.push("é \"quoted\" 😀".to_owned());
    text.write()
}

fn expect_corrupt(bytes: &[u8], what: &str) -> u64 {
    match parse(bytes) {
        Err(error @ Error::CorruptSnapshot { .. }) => {
            let text = error.to_string();
            assert!(text.contains(what), "{text:?} says {what:?}");
            error.offset().unwrap()
        }
        Err(other) => panic!("{what}: {other}"),
        Ok(_) => panic!("{what}: no error"),
    }
}

fn replaced(from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(small()).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn the_small_file_is_right_to_begin_with() {
    let snapshot = analyze(&small()).unwrap();
    assert_eq!(snapshot.graph().node_count(), 4);
    assert_eq!(snapshot.graph().size(3), 5_000_000_000);
    assert_eq!(snapshot.graph().strings().text(3), "é \"quoted\" 😀");
    // The hidden part is held by the root, too: it is nobody's own.
    assert_eq!([1, 2].map(|node| snapshot.graph().size(node)), [16, 24]);
}

#[test]
fn a_file_cut_anywhere_gives_an_error_that_says_where() {
    let bytes = small();
    let end = bytes.len() - 1; // the newline after the last brace may be missing
    for length in 0..end {
        match parse(&bytes[..length]) {
            Err(Error::CorruptSnapshot { offset, .. }) => assert!(offset <= length as u64, "{length}"),
            Err(Error::NotASnapshot { .. }) if length == 0 => {}
            other => panic!("cut at {length}: {:?}", other.err()),
        }
    }
    parse(&bytes[..end]).unwrap();
}

#[test]
fn a_byte_changed_anywhere_gives_an_error_or_another_graph() {
    let bytes = small();
    for at in 0..bytes.len() {
        for with in [b'0', b'9', b'"', b'[', b']', b'{', b'}', b',', b'-', b'\\', 0, 0xff, b' ', b'e'] {
            let mut changed = bytes.clone();
            changed[at] = with;
            let _ = analyze(&changed);
        }
        let mut without = bytes.clone();
        without.remove(at);
        let _ = analyze(&without);
        let mut twice = bytes.clone();
        twice.insert(at, bytes[at]);
        let _ = analyze(&twice);
    }
}

#[test]
fn counts_in_the_header_are_not_believed() {
    let _alone = ALONE.lock();
    let bytes = replaced(
        "\"node_count\":1,\"edge_count\":1",
        "\"node_count\":99999999999,\"edge_count\":18446744073709551615",
    );
    let (_, result) = memory_ratio(&bytes);
    result.unwrap();
    assert!(PEAK_BYTES.load(Ordering::Relaxed) < 1 << 26);
}

#[test]
fn counts_in_rows_that_lie_are_found() {
    // The hidden node says that it has more edges, or fewer, than there are.
    expect_corrupt(&replaced("0,1,5,24,1,0", "0,1,5,24,2,0"), "hold");
    expect_corrupt(&replaced("0,1,5,24,1,0", "0,1,5,24,0,0"), "more than the 4 edges");
    match parse(&replaced("0,1,5,24,1,0", "0,1,5,24,4294967295,0")) {
        Err(Error::CorruptSnapshot { .. } | Error::TooLarge { .. }) => {}
        other => panic!("{:?}", other.err()),
    }
    match parse(&replaced("0,1,5,24,1,0", "0,1,5,24,4294967290,0")) {
        Err(Error::CorruptSnapshot { .. } | Error::TooLarge { .. }) => {}
        other => panic!("{:?}", other.err()),
    }
}

#[test]
fn indexes_out_of_range_are_found() {
    expect_corrupt(&replaced("2,2,12", "2,2,600"), "no such type or node");
    expect_corrupt(&replaced("2,2,12", "2,2,13"), "no such type or node");
    expect_corrupt(&replaced("2,2,12", "77,2,12"), "no such type or node");
    expect_corrupt(&replaced("2,2,12", "2,99,12"), "string 99");
    expect_corrupt(&replaced("3,1,3,16", "3,1000,3,16"), "string 1000");
    expect_corrupt(&replaced("3,1,3,16", "15,1,3,16"), "unknown type 15");
    expect_corrupt(&replaced("\"node_count\":1", "\"root_index\":600,\"node_count\":1"), "root");
    // An element's index is no string's.
    parse(&replaced("1,7,12", "1,4000000000,12")).unwrap();
}

#[test]
fn numbers_that_overflow_are_found() {
    expect_corrupt(&replaced("2,2,12", "2,2,4294967308"), "above 2^32");
    expect_corrupt(&replaced("3,1,3,16", "3,1,4294967299,16"), "above 2^32");
    expect_corrupt(&replaced("2,2,12", "2,2,18446744073709551616"), "above 2^64");
    expect_corrupt(&replaced("2,2,12", "2,2,123456789012345678901234"), "more than 20 digits");
    expect_corrupt(&replaced("2,2,12", "2,2,-12"), "'-'");
    // Sizes may be large.
    let snapshot = analyze(&replaced("5000000000", "18446744073709551615")).unwrap();
    assert_eq!(snapshot.retained_size(0), u64::MAX);
}

#[test]
fn offsets_point_at_the_byte() {
    let bytes = replaced("2,2,12", "2,x,12");
    let at = bytes.windows(2).position(|pair| pair == b",x").unwrap() as u64 + 1;
    assert_eq!(expect_corrupt(&bytes, "'x'"), at);
}

#[test]
fn sections_in_the_wrong_order_or_twice_or_missing_are_found() {
    let text = String::from_utf8(small()).unwrap();
    let parts: Vec<&str> = text.trim().trim_start_matches('{').trim_end_matches('}').split(",\n").collect();
    let join = |order: &[usize]| {
        let parts: Vec<&str> = order.iter().map(|&i| parts[i]).collect();
        format!("{{{}}}", parts.join(",\n")).into_bytes()
    };
    parse(&join(&[0, 1, 2, 7])).unwrap();
    parse(&join(&[0, 7, 1, 2])).unwrap();
    expect_corrupt(&join(&[0, 2, 1, 7]), "\"edges\" before \"nodes\"");
    expect_corrupt(&join(&[0, 1, 1, 2, 7]), "second");
    expect_corrupt(&join(&[0, 1, 2, 2, 7]), "second");
    expect_corrupt(&join(&[0, 0, 1, 2, 7]), "second");
    expect_corrupt(&join(&[0, 1, 2, 7, 7]), "second");
    expect_corrupt(&join(&[0, 1, 2]), "strings");
    expect_corrupt(&join(&[0, 1, 7]), "\"edges\"");
    expect_corrupt(&join(&[0, 7]), "\"nodes\"");
    assert!(matches!(parse(&join(&[1, 2, 7])), Err(Error::NotASnapshot { .. })));
}

#[test]
fn what_is_no_snapshot_is_told_apart() {
    let not = |bytes: &[u8], what: &str| match parse(bytes) {
        Err(error @ Error::NotASnapshot { .. }) => {
            assert!(error.to_string().contains(what), "{error}");
            assert_eq!(error.code(), "HEAPWATCH_NOT_A_SNAPSHOT");
        }
        other => panic!("{what}: {:?}", other.err()),
    };
    not(b"", "empty");
    not(b"\x1f\x8b\x08\x00", "gzip");
    not(b"hello", "starts with 'h'");
    not(b"[1,2]", "starts with '['");
    not(b"{}", "cpuprofile");
    not(br#"{"nodes":[{"id":1,"callFrame":{}}],"startTime":1,"samples":[1]}"#, "cpuprofile");
    not(br#"{"head":{"callFrame":{},"selfSize":0,"children":[]},"samples":[]}"#, "heapprofile");
    not(br#"{"traceEvents":[],"metadata":{}}"#, "not a heap snapshot");
    let folder = read_graph(env!("CARGO_MANIFEST_DIR"), &Progress::none()).unwrap_err();
    assert!(folder.to_string().contains("directory"), "{folder}");
    let missing = read_graph("/nowhere/x.heapsnapshot", &Progress::none()).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }), "{missing}");
}

#[test]
fn headers_that_make_no_sense_are_found() {
    let with = |header: &str| {
        format!("{{\"snapshot\":{header},\"nodes\":[],\"edges\":[],\"strings\":[]}}").into_bytes()
    };
    expect_corrupt(&with("{}"), "header");
    expect_corrupt(&with("{\"meta\":[]}"), "header");
    expect_corrupt(&with(&META.replace("\"self_size\"", "\"size\"")), "`self_size`");
    expect_corrupt(&with(&META.replace("\"to_node\"", "\"to\"")), "`to_node`");
    expect_corrupt(&with(&META.replace("[[\"hidden\"", "[3,[\"hidden\"")), "names of types");
    expect_corrupt(&with(META), "without nodes");
    let many = format!("\"edge_count\",{}", "\"x\",".repeat(100));
    expect_corrupt(&with(&META.replace("\"edge_count\",", &many)), "64 fields");
}

#[test]
fn deep_json_costs_neither_stack_nor_memory() {
    let _alone = ALONE.lock();
    let deep = "[".repeat(2_000_000);
    for part in ["\"trace_tree\":", "\"unknown\":", "\"snapshot\":{\"a\":", "\"nodes\":", "\"strings\":"] {
        let bytes = format!("{{\"snapshot\":{META},{part}{deep}").into_bytes();
        let (ratio, result) = memory_ratio(&bytes);
        assert!(result.is_err());
        assert!(ratio < 3.0, "{part}: {ratio}");
    }
}

#[test]
fn text_that_is_not_utf8_is_found() {
    let mut bytes = small();
    let at = bytes.windows(5).position(|part| part == b"Thing").unwrap();
    bytes[at + 1] = 0xff;
    // The string starts at its quote.
    assert_eq!(expect_corrupt(&bytes, "UTF-8"), at as u64 - 1);
}

#[test]
fn a_chain_of_two_million_objects_costs_no_stack() {
    let _alone = ALONE.lock();
    let mut text = Text::new();
    text.nodes[0].4.push((SHORTCUT, 1, 1));
    for i in 1..=2_000_000u32 {
        let edges = if i == 2_000_000 { Vec::new() } else { vec![(PROPERTY, 2, i + 1)] };
        text.nodes.push((OBJECT, 1, 2 * i + 1, 24, edges));
    }
    let bytes = text.write();
    drop(text);
    let (ratio, result) = memory_ratio(&bytes);
    let snapshot = result.unwrap();
    assert_eq!(snapshot.retained_size(1), 48_000_000);
    assert_eq!(snapshot.distance(2_000_000), 2_000_000);
    assert_eq!(snapshot.shortest_path(2_000_000).len(), 1_999_999);
    assert_eq!(snapshot.classes()[snapshot.class_of(1) as usize].retained, 48_000_000);
    assert!(ratio < 3.0, "{ratio}");
}

#[test]
fn a_star_of_five_million_edges() {
    let _alone = ALONE.lock();
    let mut text = Text::new();
    text.nodes[0].4.push((SHORTCUT, 1, 1));
    text.nodes.push((OBJECT, 1, 3, 40, (0..5_000_000).map(|i| (ELEMENT, i, 2 + i % 100_000)).collect()));
    for i in 0..100_000 {
        text.nodes.push((OBJECT, 1, 5 + 2 * i, 24, vec![(PROPERTY, 2, 1)]));
    }
    let bytes = text.write();
    drop(text);
    let (ratio, result) = memory_ratio(&bytes);
    let snapshot = result.unwrap();
    assert_eq!(snapshot.retained_size(1), 40 + 2_400_000);
    assert_eq!(snapshot.dominator(99_000), 1);
    assert!(ratio < 3.0, "{ratio}");
}

#[test]
fn a_hundred_megabytes_of_one_string() {
    let _alone = ALONE.lock();
    let mut text = Text::new();
    text.strings.push("x".repeat(100 << 20));
    let bytes = text.write();
    drop(text);
    let (ratio, result) = memory_ratio(&bytes);
    assert_eq!(result.unwrap().graph().strings().bytes(3).len(), 100 << 20);
    assert!(ratio < 3.0, "{ratio}");
}

#[test]
fn circles_and_what_nothing_holds_hang_from_the_root() {
    let mut text = Text::new();
    text.nodes.push((OBJECT, 1, 3, 10, vec![(PROPERTY, 2, 2)])); // held by nothing
    text.nodes.push((OBJECT, 1, 5, 20, vec![(PROPERTY, 2, 2)]));
    text.nodes.push((OBJECT, 1, 7, 30, vec![(PROPERTY, 2, 4)])); // a circle of two
    text.nodes.push((OBJECT, 1, 9, 40, vec![(PROPERTY, 2, 3)]));
    let snapshot = analyze(&text.write()).unwrap();
    assert_eq!([1, 2, 3, 4].map(|node| snapshot.dominator(node)), [0, 1, 0, 0]);
    assert_eq!(snapshot.retained_size(0), 100);
    assert_eq!(snapshot.retained_size(1), 30);
    assert_eq!(snapshot.distance(3), heapwatch::heap::NO_DISTANCE);
    assert!(snapshot.shortest_path(3).is_empty());
}

#[test]
fn work_can_be_cancelled_from_the_callback_and_before() {
    let progress = Progress::none();
    progress.cancel();
    assert!(matches!(Snapshot::read(&small()[..], 0, &progress), Err(Error::Cancelled)));
    let graph = parse(&small()).unwrap();
    assert!(matches!(Snapshot::analyze(graph, &progress), Err(Error::Cancelled)));
}
