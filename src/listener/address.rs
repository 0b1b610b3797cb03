//! Where a listener listens: a TCP address or a Unix socket, which is its user's alone.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// Of a listener: where to listen, or where it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Port 0: a free one.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl Address {
    /// Reached through the file system, whose permissions say by whom.
    #[must_use]
    pub fn is_local_file(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Why nobody can listen there.
#[derive(Debug)]
pub enum BindError {
    /// Somebody else does.
    Taken,
    /// Of the path something else is there, which is not ours to remove.
    NoSocket,
    /// The system's reason.
    System(io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("it is in use"),
            Self::NoSocket => f.write_str("there is a file of that name that is no socket"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::AddrInUse { Self::Taken } else { Self::System(error) }
    }
}

/// A socket that listens; not blocking, and closed in programs that the process starts.
pub enum Bound {
    /// On the network.
    Tcp(TcpListener),
    /// In the file system; the file goes when this is dropped.
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

impl Bound {
    /// Listens from now on, and says where.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn to(address: &Address) -> Result<(Self, Address), BindError> {
        match address {
            Address::Tcp(wanted) => {
                let listener = TcpListener::bind(wanted)?;
                listener.set_nonblocking(true)?;
                let actual = Address::Tcp(listener.local_addr()?);
                Ok((Self::Tcp(listener), actual))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let (listener, file) = unix::bind(path)?;
                Ok((Self::Unix(listener, file), address.clone()))
            }
            #[cfg(not(unix))]
            Address::Unix(_) => Err(BindError::System(io::ErrorKind::Unsupported.into())),
        }
    }
}

#[cfg(unix)]
pub use unix::SocketFile;

#[cfg(unix)]
mod unix {
    use std::fs::{self, File};
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    use socket2::{Domain, SockAddr, Socket, Type};

    use super::BindError;

    /// How often, and how long in between, the folder's lock is asked for.
    const LOCK_ATTEMPTS: usize = 50;
    const LOCK_PAUSE: Duration = Duration::from_millis(2);

    /// As many wait to be accepted; the system's own default.
    const BACKLOG: i32 = 128;

    /// The file of a socket; dropped, it is gone, unless another process has taken its place.
    pub struct SocketFile {
        path: PathBuf,
        /// Device and inode.
        identity: (u64, u64),
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            if identity(&self.path).is_ok_and(|found| found == self.identity) {
                // A folder that may no longer be written to keeps it: the next process finds it dead and replaces it.
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    pub(super) fn bind(path: &Path) -> Result<(UnixListener, SocketFile), BindError> {
        let _folder = lock_folder(path);
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        let address = SockAddr::unix(path)?;
        if let Err(error) = socket.bind(&address) {
            if error.kind() != io::ErrorKind::AddrInUse {
                return Err(error.into());
            }
            remove_dead(path)?;
            socket.bind(&address)?;
        }
        let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
        // Between bind and listen nobody can connect: it is private before it is open.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok((socket.into(), file))
    }

    /// Of two processes that begin at the same moment each would take the other's socket for a dead one, before it listens. The folder itself is locked, so no file
    /// is left of it. A folder that may not be read, or cannot be locked, or that somebody else holds for a tenth of a second, goes without: JavaScript waits here.
    fn lock_folder(path: &Path) -> Option<File> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = File::open(folder).ok()?;
        for _ in 0..LOCK_ATTEMPTS {
            match folder.try_lock() {
                Ok(()) => return Some(folder),
                Err(fs::TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
                Err(fs::TryLockError::Error(_)) => return None,
            }
        }
        None
    }

    /// A socket that nobody listens on is left from a process that was killed.
    fn remove_dead(path: &Path) -> Result<(), BindError> {
        if !fs::symlink_metadata(path)?.file_type().is_socket() {
            return Err(BindError::NoSocket);
        }
        match UnixStream::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(fs::remove_file(path)?),
            _ => Err(BindError::Taken),
        }
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        let metadata = fs::symlink_metadata(path)?;
        Ok((metadata.dev(), metadata.ino()))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn place(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("heapwatch-listener-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for tests");
        folder.join(name)
    }

    #[test]
    fn a_socket_is_its_user_s_alone_and_goes_with_its_listener() {
        let path = place("private.sock");
        let (bound, _) = Bound::to(&Address::Unix(path.clone())).expect("free");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(matches!(Bound::to(&Address::Unix(path.clone())), Err(BindError::Taken)));
        drop(bound);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_dead_process_left_is_replaced_and_what_is_no_socket_is_not() {
        let path = place("dead.sock");
        drop(UnixListener::bind(&path).expect("free"));
        assert!(path.exists(), "nobody has removed it");
        drop(Bound::to(&Address::Unix(path.clone())).expect("nobody listens there"));
        std::fs::write(&path, "a file").expect("written");
        assert!(matches!(Bound::to(&Address::Unix(path.clone())), Err(BindError::NoSocket)));
        assert_eq!(std::fs::read_to_string(&path).expect("untouched"), "a file");
        std::fs::remove_file(&path).expect("removed");
    }

    #[test]
    fn of_many_that_begin_at_once_one_listens_and_it_is_reached() {
        let path = place("race.sock");
        for _ in 0..50 {
            drop(UnixListener::bind(&path).expect("free"));
            let barrier = std::sync::Barrier::new(8);
            let bound: Vec<Bound> = std::thread::scope(|scope| {
                let begin = || {
                    barrier.wait();
                    Bound::to(&Address::Unix(path.clone())).ok().map(|(bound, _)| bound)
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
                threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
            });
            assert_eq!(bound.len(), 1);
            std::os::unix::net::UnixStream::connect(&path).expect("the one that listens");
        }
    }

    #[test]
    fn a_file_that_another_process_put_there_meanwhile_stays() {
        let path = place("successor.sock");
        let (bound, _) = Bound::to(&Address::Unix(path.clone())).expect("free");
        std::fs::remove_file(&path).expect("there");
        let _successor = UnixListener::bind(&path).expect("free");
        drop(bound);
        assert!(path.exists());
    }

    #[test]
    fn port_0_is_a_free_one_and_a_taken_one_is_told() {
        let any = Address::Tcp("127.0.0.1:0".parse().expect("an address"));
        let (_bound, actual) = Bound::to(&any).expect("free");
        assert_ne!(actual, any);
        assert!(matches!(Bound::to(&actual), Err(BindError::Taken)));
    }
}
