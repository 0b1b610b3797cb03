//! What is left of a heap for which nothing could be done: why, and the numbers, in a file of a few hundred bytes that the next start finds.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::failure::Failure;
use super::folder::Folder;
use super::headroom::{Limit, Room};

/// What its name ends with, in place of the snapshot's `.heapsnapshot`.
pub const EXTENSION: &str = "refused.json";

/// What was there and what would have been needed.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// V8's heap in use.
    pub heap_used_bytes: u64,
    /// Free memory that was demanded.
    pub wanted_bytes: u64,
    /// What was free; `None` where the system does not say.
    pub room: Option<Room>,
}

/// Writes it beside where the snapshot would be. Little is allocated: memory is what is short.
///
/// # Errors
/// Reason `disk`: the folder cannot be used, or the file not be made.
pub fn leave(
    folder: &Folder,
    tag: &str,
    thread_id: u32,
    failure: &Failure,
    numbers: Numbers,
) -> Result<PathBuf, Failure> {
    folder.prepare()?;
    let path = path_of(&folder.new_path(tag, thread_id));
    write(&path, thread_id, failure, numbers)?;
    folder.keep_within_quota(&path);
    Ok(path)
}

/// The file that stands for this snapshot.
fn path_of(snapshot: &Path) -> PathBuf {
    snapshot.with_extension(EXTENSION)
}

fn write(path: &Path, thread_id: u32, failure: &Failure, numbers: Numbers) -> Result<(), Failure> {
    let limit_bytes = match numbers.room.map(|room| room.limit) {
        Some(Limit::Container(bytes)) => Some(bytes),
        _ => None,
    };
    let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let text = json!({
        "version": 1,
        "code": failure.kind.code(),
        "reason": failure.reason,
        "message": failure.text,
        "heapUsedBytes": numbers.heap_used_bytes,
        "neededBytes": numbers.wanted_bytes,
        "freeBytes": numbers.room.map(|room| room.bytes),
        "containerLimitBytes": limit_bytes,
        "pid": std::process::id(),
        "threadId": thread_id,
        "timeMs": u64::try_from(unix_ms).unwrap_or(u64::MAX),
    });
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
    }
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.to_string().as_bytes()))
        .map_err(|error| Failure::failed("disk", format!("{} cannot be written: {error}.", path.display())))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::capture::failure::Kind;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_tells_why_and_the_numbers_only_its_owner_reads_it_and_the_oldest_go() {
        let path = std::env::temp_dir().join(format!("heapwatch-refused-{}", std::process::id()));
        let folder = Folder { path: path.clone(), must_belong_to: None, max_files: 2, max_bytes: None };
        let room = Room { bytes: 3, limit: Limit::Container(9) };
        let numbers = Numbers { heap_used_bytes: 4, wanted_bytes: 8, room: Some(room) };
        let failure = Failure::new(Kind::NoHeadroom, "memory", "Too little.");
        for _ in 0..3 {
            leave(&folder, "oom-", 0, &failure, numbers).unwrap();
        }
        let left: Vec<PathBuf> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left.len(), 2);
        assert_eq!(fs::metadata(&left[0]).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(left[0].to_string_lossy().ends_with(".refused.json"), "{left:?}");
        let told: serde_json::Value = serde_json::from_slice(&fs::read(&left[0]).unwrap()).unwrap();
        assert_eq!(told["code"], "HEAPWATCH_NO_HEADROOM");
        assert_eq!(told["message"], "Too little.");
        let sizes = ["heapUsedBytes", "neededBytes", "freeBytes", "containerLimitBytes"];
        assert_eq!(sizes.map(|name| told[name].as_u64()), [Some(4), Some(8), Some(3), Some(9)]);
        assert_eq!(told["pid"], std::process::id());
        fs::remove_dir_all(path).unwrap();
    }
}
