//! A snapshot's file: written beside its name and given the name when it is complete.
//!
//! A snapshot holds every string of the heap, secrets too: nobody else may read it (0600), and nothing that is there already is
//! followed or replaced (`O_EXCL`, `O_NOFOLLOW`, link instead of rename).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::sink::Sink;

/// What an incomplete file's name ends with.
pub const PARTIAL: &str = ".partial";

/// Writes the pieces to a file.
pub struct FileSink {
    file: File,
    path: PathBuf,
    partial: PathBuf,
    max_bytes: Option<u64>,
    written_bytes: u64,
    failure: Option<Failure>,
}

impl FileSink {
    /// Begins `<path>.partial`; both names must be free.
    ///
    /// # Errors
    /// Reason `disk`: the file cannot be made.
    pub fn create(path: &Path, max_bytes: Option<u64>) -> Result<Self, Failure> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(PARTIAL);
        let partial = PathBuf::from(partial);
        if path.symlink_metadata().is_ok() {
            return Err(disk(&exists(path), path));
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
        }
        let file = options.open(&partial).map_err(|error| disk(&error, &partial))?;
        // Says to others that somebody is at work on it, for as long as he lives; see `sweep`. Not every file system can.
        let _ = file.try_lock();
        Ok(Self { file, path: path.to_owned(), partial, max_bytes, written_bytes: 0, failure: None })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let total = self.written_bytes.saturating_add(bytes.len() as u64);
        if let Some(max) = self.max_bytes.filter(|max| total > *max) {
            return Err(Failure::failed(
                "quota",
                format!(
                    "The snapshot is larger than maxBytes ({max} bytes). Allow more, or take it elsewhere."
                ),
            ));
        }
        self.file.write_all(bytes).map_err(|error| disk(&error, &self.partial))?;
        self.written_bytes = total;
        Ok(())
    }

    fn complete(&self) -> Result<(), Failure> {
        let told = |error: &io::Error| disk(error, &self.partial);
        self.file.sync_data().map_err(|error| told(&error))?;
        match fs::hard_link(&self.partial, &self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(disk(&error, &self.path));
            }
            // A file system without links: the next best is to look before.
            Err(_) if self.path.symlink_metadata().is_ok() => {
                return Err(disk(&exists(&self.path), &self.path));
            }
            Err(_) => return fs::rename(&self.partial, &self.path).map_err(|error| disk(&error, &self.path)),
        }
        fs::remove_file(&self.partial).map_err(|error| told(&error))
    }
}

impl Sink for FileSink {
    fn chunk(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match self.write(bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    /// The path's bytes.
    fn finish(mut self: Box<Self>) -> Result<Vec<u8>, Failure> {
        let done = match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.written_bytes == 0 => Err(Failure::failed("empty", "V8 wrote nothing.")),
            None => self.complete(),
        };
        if let Err(failure) = done {
            // What cannot be removed either is told by the failure itself.
            let _ = fs::remove_file(&self.partial);
            return Err(failure);
        }
        Ok(self.path.to_string_lossy().into_owned().into_bytes())
    }

    fn descriptors(&self) -> Vec<i32> {
        #[cfg(unix)]
        {
            use std::os::fd::AsRawFd;
            vec![self.file.as_raw_fd()]
        }
        #[cfg(not(unix))]
        Vec::new()
    }

    fn leftover(&self) -> Option<PathBuf> {
        Some(self.partial.clone())
    }
}

fn exists(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is there already", path.display()))
}

fn disk(error: &io::Error, path: &Path) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::AlreadyExists => "Choose another path: nothing is overwritten.",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "A snapshot takes about as much room as the heap. Choose another dir, or make room."
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Choose a dir that this process may write to."
        }
        _ => "Choose another dir.",
    };
    Failure::failed("disk", format!("{} cannot be written: {error}. {advice}", path.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("heapwatch-file-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    }

    fn sink(path: &Path, max_bytes: Option<u64>) -> Box<FileSink> {
        Box::new(FileSink::create(path, max_bytes).expect("a new file"))
    }

    #[test]
    fn a_file_has_its_name_when_it_is_complete_and_only_its_owner_reads_it() {
        let folder = folder("complete");
        let path = folder.join("a.heapsnapshot");
        let mut sink = sink(&path, None);
        assert!(sink.chunk(b"{").is_continue());
        assert!(!path.exists());
        assert!(sink.chunk(b"}").is_continue());
        assert_eq!(sink.finish().as_deref(), Ok(path.to_str().unwrap().as_bytes()));
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_there_already_is_neither_followed_nor_replaced() {
        let folder = folder("exists");
        let (victim, link) = (folder.join("victim"), folder.join("b.heapsnapshot"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, folder.join("b.heapsnapshot.partial")).unwrap();
        assert_eq!(FileSink::create(&link, None).err().unwrap().reason, "disk");
        fs::remove_file(folder.join("b.heapsnapshot.partial")).unwrap();
        let mut sink = sink(&link, None);
        assert!(sink.chunk(b"x").is_continue());
        symlink(&victim, &link).unwrap();
        assert_eq!(sink.finish().unwrap_err().reason, "disk");
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(!folder.join("b.heapsnapshot.partial").exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn past_max_bytes_the_file_is_gone_and_the_quota_is_named() {
        let folder = folder("quota");
        let path = folder.join("c.heapsnapshot");
        let mut sink = sink(&path, Some(3));
        assert!(sink.chunk(b"123").is_continue());
        assert!(sink.chunk(b"4").is_break());
        assert_eq!(sink.finish().unwrap_err().reason, "quota");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(folder).unwrap();
    }
}
