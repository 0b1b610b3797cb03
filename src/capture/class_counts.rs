//! What can still be told of a heap for whose snapshot there is no room: how many objects of each class it holds, in a file of a few
//! kilobytes that needs no tool to be read.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::failure::Failure;
use crate::v8::{Isolate, census};

/// What its name ends with, in place of the snapshot's `.heapsnapshot`.
pub const EXTENSION: &str = "classes.json";

/// What an incomplete one's name ends with.
pub const PARTIAL: &str = ".classes.partial";

/// The most frequent classes that are told.
const MAX_CLASSES: usize = 500;

/// Free memory that must be there for each byte of used heap: V8's set of reachable objects (1.7 for objects of 50 bytes) and the pages that
/// the collection before changes.
const PER_HEAP_BYTE: u64 = 2;

/// The same for an empty heap.
const AT_LEAST_BYTES: u64 = 32 << 20;

/// What a heap of this size needs.
#[must_use]
pub fn wanted_bytes(heap_used_bytes: u64) -> u64 {
    heap_used_bytes.saturating_mul(PER_HEAP_BYTE).saturating_add(AT_LEAST_BYTES)
}

/// The file that stands for this snapshot.
#[must_use]
pub fn path_of(snapshot: &Path) -> PathBuf {
    snapshot.with_extension(EXTENSION)
}

/// Counts the heap's objects and writes the file. For a forked copy.
///
/// # Errors
/// Reason `symbol`: V8 cannot count here; `disk`: the file cannot be made, and is not there.
pub fn write(isolate: Isolate, path: &Path, heap_used_bytes: u64) -> Result<(), Failure> {
    let counts =
        census::count_objects(isolate).map_err(|missing| Failure::failed("symbol", missing.to_string()))?;
    let mut classes: Vec<(String, u64)> = counts.into_iter().collect();
    classes.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    let total: u64 = classes.iter().map(|(_, count)| count).sum();
    classes.truncate(MAX_CLASSES);
    let text =
        json!({ "version": 1, "heapUsedBytes": heap_used_bytes, "objects": total, "classes": classes });
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let partial = path.with_extension("classes.partial");
    let written = options
        .open(&partial)
        .and_then(|mut file| file.write_all(text.to_string().as_bytes()))
        .and_then(|()| std::fs::rename(&partial, path));
    written.map_err(|error| {
        // What cannot be removed either was never there.
        let _ = std::fs::remove_file(&partial);
        Failure::failed("disk", format!("{} cannot be written: {error}.", path.display()))
    })
}

/// The most frequent classes of such a file, as a sentence; `None` where there is no file.
#[must_use]
pub fn read(path: &Path) -> Option<String> {
    const TOLD: usize = 8;
    let text = std::fs::read(path).ok()?;
    let value: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let named: Vec<String> = value["classes"]
        .as_array()?
        .iter()
        .take(TOLD)
        .filter_map(|class| Some(format!("{} {}", class[1].as_u64()?, class[0].as_str()?)))
        .collect();
    Some(named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_stands_beside_the_snapshot_that_it_replaces_and_is_told_by_its_first_classes() {
        let path = path_of(Path::new("/var/heapwatch-oom-1-0-1-1.heapsnapshot"));
        assert_eq!(path, Path::new("/var/heapwatch-oom-1-0-1-1.classes.json"));
        let file = std::env::temp_dir().join(format!("heapwatch-classes-{}", std::process::id()));
        std::fs::write(&file, r#"{"classes":[["Session",12],["Object",3]]}"#).unwrap();
        assert_eq!(read(&file).as_deref(), Some("12 Session, 3 Object"));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read(&file), None);
    }
}
