//! The folder that snapshots go to: made, named into, kept within its quota, swept of what died.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::class_counts;
use super::failure::Failure;
use super::file::PARTIAL;
use super::refused;

/// What our files' names begin and end with.
const PREFIX: &str = "heapwatch-";
const SUFFIX: &str = ".heapsnapshot";

/// An incomplete file that nobody has a lock on is swept when it is older than this: its maker locks it right after making it.
const ABANDONED: Duration = Duration::from_mins(1);

/// Where snapshots go, and how many stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder.
    pub path: PathBuf,
    /// Set where the folder is ours by convention, in a place that everybody may write to: it must belong to this user alone.
    pub must_belong_to: Option<u32>,
    /// The newest that stay, at least 1.
    pub max_files: u64,
    /// All that stay together.
    pub max_bytes: Option<u64>,
}

impl Folder {
    /// Makes the folder if it is not there; only its owner may enter.
    ///
    /// # Errors
    /// Reason `disk`: it cannot be made, or is somebody else's.
    pub fn prepare(&self) -> Result<(), Failure> {
        let told = |error: &io::Error| {
            Failure::failed(
                "disk",
                format!("The folder {} cannot be used: {error}. Choose another dir.", self.path.display()),
            )
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.path).map_err(|error| told(&error))?;
        self.check_owner().map_err(|error| told(&error))?;
        self.sweep();
        Ok(())
    }

    #[cfg(unix)]
    fn check_owner(&self) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let Some(user) = self.must_belong_to else { return Ok(()) };
        let found = self.path.symlink_metadata()?;
        if found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700 {
            return Ok(());
        }
        Err(io::Error::other("it must be a folder that this user alone may enter (0700)"))
    }

    #[cfg(not(unix))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the temporary folder is the user's own there"
    )]
    fn check_owner(&self) -> io::Result<()> {
        Ok(())
    }

    /// A name that no other process, thread or moment has; `tag` says what it was taken for.
    #[must_use]
    pub fn new_path(&self, tag: &str, thread_id: u32) -> PathBuf {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let unix_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        self.path.join(format!("{PREFIX}{tag}{process}-{thread_id}-{unix_ms}-{number}{SUFFIX}"))
    }

    /// Removes the oldest files of ours beyond the quota, of the kind that the newest is (snapshots, counts of classes, refusals); `newest` stays.
    pub fn keep_within_quota(&self, newest: &Path) {
        let name = newest.to_string_lossy();
        let suffix = [class_counts::EXTENSION, refused::EXTENSION]
            .into_iter()
            .find(|extension| name.ends_with(extension))
            .unwrap_or(SUFFIX);
        let mut files: Vec<(SystemTime, u64, PathBuf)> = self
            .ours(suffix)
            .filter(|path| path != newest)
            .filter_map(|path| {
                let found = path.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
                Some((found.modified().ok()?, found.len(), path))
            })
            .collect();
        files.sort_by(|a, b| b.cmp(a));
        let mut total_bytes = newest.symlink_metadata().map_or(0, |found| found.len());
        for (index, (_, bytes, path)) in (1_u64..).zip(files) {
            total_bytes = total_bytes.saturating_add(bytes);
            if index >= self.max_files || self.max_bytes.is_some_and(|max| total_bytes > max) {
                // Somebody else may have removed it already; one that stays is tried again next time.
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Removes incomplete files that nobody works on any more: their makers were killed.
    fn sweep(&self) {
        for path in self.ours(&format!("{SUFFIX}{PARTIAL}")).chain(self.ours(class_counts::PARTIAL)) {
            let is_old = |path: &Path| {
                path.symlink_metadata()
                    .ok()
                    .filter(fs::Metadata::is_file)
                    .and_then(|found| found.modified().ok()?.elapsed().ok())
                    .is_some_and(|age| age > ABANDONED)
            };
            // The lock tells across containers, where process ids do not.
            if is_old(&path) && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn ours(&self, suffix: &str) -> impl Iterator<Item = PathBuf> {
        fs::read_dir(&self.path).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).filter(
            move |path| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
                name.starts_with(PREFIX) && name.ends_with(suffix)
            },
        )
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("heapwatch-folder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder { path, must_belong_to: None, max_files: 2, max_bytes: Some(100) }
    }

    fn fill(folder: &Folder, name: &str, bytes: usize, age_s: u64) -> PathBuf {
        let path = folder.path.join(name);
        fs::write(&path, vec![0; bytes]).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age_s)).unwrap();
        path
    }

    #[test]
    fn the_folder_is_made_for_its_owner_alone_and_an_open_one_is_refused_where_that_matters() {
        let mut folder = folder("owner");
        folder.prepare().unwrap();
        let found = fs::metadata(&folder.path).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o700);
        folder.must_belong_to = Some(std::os::unix::fs::MetadataExt::uid(&found));
        folder.prepare().unwrap();
        fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(folder.prepare().unwrap_err().reason, "disk");
        fs::remove_dir_all(&folder.path).unwrap();
    }

    #[test]
    fn the_oldest_go_first_by_number_and_by_size_and_what_is_not_ours_stays() {
        let folder = folder("quota");
        folder.prepare().unwrap();
        let newest = fill(&folder, "heapwatch-1-0-3-1.heapsnapshot", 10, 0);
        let second = fill(&folder, "heapwatch-1-0-2-1.heapsnapshot", 10, 10);
        let third = fill(&folder, "heapwatch-1-0-1-1.heapsnapshot", 10, 20);
        let other = fill(&folder, "precious.heapsnapshot", 1000, 1000);
        folder.keep_within_quota(&newest);
        assert_eq!([&newest, &second, &third, &other].map(|path| path.exists()), [true, true, false, true]);
        fill(&folder, "heapwatch-1-0-3-1.heapsnapshot", 95, 0);
        folder.keep_within_quota(&newest);
        assert_eq!([&newest, &second].map(|path| path.exists()), [true, false]);
        fs::remove_dir_all(&folder.path).unwrap();
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_what_somebody_works_on_is_not() {
        let folder = folder("sweep");
        folder.prepare().unwrap();
        let dead = fill(&folder, "heapwatch-1-0-1-1.heapsnapshot.partial", 1, 100);
        let alive = fill(&folder, "heapwatch-1-0-1-2.heapsnapshot.partial", 1, 100);
        let young = fill(&folder, "heapwatch-1-0-1-3.heapsnapshot.partial", 1, 0);
        let lock = File::open(&alive).unwrap();
        lock.try_lock().unwrap();
        folder.prepare().unwrap();
        assert_eq!([dead, alive, young].map(|path| path.exists()), [false, true, true]);
        fs::remove_dir_all(&folder.path).unwrap();
    }

    #[test]
    fn names_never_repeat() {
        let folder = folder("names");
        assert_ne!(folder.new_path("", 0), folder.new_path("", 0));
    }
}
