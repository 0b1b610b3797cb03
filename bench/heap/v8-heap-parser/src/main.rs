//! v8-heap-parser on the same work: read, dominators, retained sizes, class groups.

use std::fs::File;
use std::io::BufReader;

fn main() {
    let file = std::env::args().nth(1).expect("usage: peer-v8-heap-parser <file>");
    let reader = BufReader::with_capacity(1 << 20, File::open(file).expect("a readable file"));
    let graph = v8_heap_parser::decode_reader(reader).expect("a snapshot");
    println!("{}", graph.get_class_groups(false).len());
}
