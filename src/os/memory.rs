//! The process's memory as the kernel sees it: RSS, and the container's limit and use.
//!
//! The container is the cgroup, v1 or v2, that this process is in. Sources: `cgroup-v2.rst` (`memory.max`, `memory.current`,
//! `memory.stat`), `cgroup-v1/memory.rst` (`memory.limit_in_bytes`, `memory.usage_in_bytes`). The working set is use
//! minus inactive file cache, as the kubelet reckons it. A limit may stand on any ancestor: the one nearest to being hit counts.

use std::fs;
use std::path::{Path, PathBuf};

/// One look at the process's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessMemory {
    /// Resident set size; 0 where the system does not say.
    pub rss_bytes: u64,
    /// The container's memory, where there is a limit.
    pub container: Option<ContainerMemory>,
}

/// A cgroup's limit and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerMemory {
    /// Of the limits from this cgroup up to the root, the one nearest to being hit.
    pub limit_bytes: u64,
    /// What counts against that limit and cannot be dropped: use minus inactive file cache.
    pub working_set_bytes: u64,
}

/// Where to look; found once, read often.
#[derive(Clone, Debug)]
pub struct MemorySource {
    /// From this process's cgroup up to the root of its hierarchy.
    cgroups: Vec<PathBuf>,
    files: &'static CgroupFiles,
}

#[derive(Debug)]
struct CgroupFiles {
    limit: &'static str,
    usage: &'static str,
    inactive_file: &'static str,
}

static V2: CgroupFiles =
    CgroupFiles { limit: "memory.max", usage: "memory.current", inactive_file: "inactive_file" };
static V1: CgroupFiles = CgroupFiles {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    inactive_file: "total_inactive_file",
};

/// cgroup v1 writes "no limit" as the largest multiple of a page: anything this large is none.
const NO_LIMIT_BYTES: u64 = 1 << 60;

impl MemorySource {
    /// Finds this process's cgroup.
    #[must_use]
    pub fn find() -> Self {
        Self::find_in(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"))
    }

    fn find_in(proc_cgroup: &Path, mount: &Path) -> Self {
        let lines = fs::read_to_string(proc_cgroup).unwrap_or_default();
        // Each line is hierarchy:controllers:path; v2 is hierarchy 0 without controllers. In hybrid set-ups memory is with v1.
        let path_of = |wanted: &dyn Fn(&str, &str) -> bool| {
            lines.lines().find_map(|line| {
                let mut parts = line.splitn(3, ':');
                let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
                wanted(id, controllers).then(|| path.to_owned())
            })
        };
        let v1 = path_of(&|_, controllers| controllers.split(',').any(|name| name == "memory"));
        let (files, root, path) = match v1 {
            Some(path) => (&V1, mount.join("memory"), path),
            None => (&V2, mount.to_owned(), path_of(&|id, _| id == "0").unwrap_or_default()),
        };
        // In a cgroup namespace the path is relative to a root that is mounted itself; without one, the path may name a
        // folder that this container cannot see: the mount's root is then its own cgroup.
        let own = root.join(path.trim_start_matches('/'));
        let own = if own.join(files.usage).exists() { own } else { root.clone() };
        let cgroups =
            own.ancestors().take_while(|folder| folder.starts_with(&root)).map(Path::to_owned).collect();
        Self { cgroups, files }
    }

    /// Reads now: one small file for RSS, some for the container.
    #[must_use]
    pub fn read(&self) -> ProcessMemory {
        ProcessMemory { rss_bytes: rss_bytes(), container: self.container() }
    }

    fn container(&self) -> Option<ContainerMemory> {
        // Each limit has its own use: a pod's may be nearly full while the container's in it is not.
        self.cgroups.iter().filter_map(|folder| self.cgroup(folder)).max_by(|a, b| {
            let share = |of: &ContainerMemory, limit: &ContainerMemory| {
                u128::from(of.working_set_bytes) * u128::from(limit.limit_bytes)
            };
            share(a, b).cmp(&share(b, a)).then(b.limit_bytes.cmp(&a.limit_bytes))
        })
    }

    /// One cgroup's limit and use; `None` without a limit.
    fn cgroup(&self, folder: &Path) -> Option<ContainerMemory> {
        let limit_bytes = number(&folder.join(self.files.limit)).filter(|limit| *limit < NO_LIMIT_BYTES)?;
        let usage = number(&folder.join(self.files.usage))?;
        let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let inactive_file = stat
            .lines()
            .find_map(|line| line.strip_prefix(self.files.inactive_file)?.trim().parse::<u64>().ok())
            .unwrap_or(0);
        Some(ContainerMemory { limit_bytes, working_set_bytes: usage.saturating_sub(inactive_file) })
    }
}

/// The resident set size now; 0 where the system does not say.
#[must_use]
pub fn rss_bytes() -> u64 {
    memory_stats::memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}

/// Gives memory that was freed back to the system: glibc keeps most of what a snapshot took (162 → 1340 → 280 MB in 118 ms).
pub fn return_free_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "malloc_trim(3)")]
    // SAFETY: thread-safe by its manual; takes a number.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// What the machine can give without swapping (`MemAvailable`, `proc_meminfo(5)`); `None` where the system does not say.
#[must_use]
pub fn available_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(kilobytes.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// A file of one number; `max` and a missing file are none.
fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let root = std::env::temp_dir().join(format!("heapwatch-cgroup-{}-{name}", std::process::id()));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(root)
        }

        fn container(&self) -> Option<ContainerMemory> {
            MemorySource::find_in(&self.0.join("proc"), &self.0.join("sys")).read().container
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn version_2_finds_a_limit_above_and_leaves_out_inactive_files() {
        let tree = Tree::new(
            "v2",
            &[
                ("proc", "0::/pod/app\n"),
                ("sys/pod/app/memory.max", "max\n"),
                ("sys/pod/app/memory.current", "400\n"),
                ("sys/pod/memory.max", "1000\n"),
                ("sys/pod/memory.current", "700\n"),
                ("sys/pod/memory.stat", "anon 500\nfile 200\ninactive_file 150\nactive_file 50\n"),
            ],
        );
        assert_eq!(tree.container(), Some(ContainerMemory { limit_bytes: 1000, working_set_bytes: 550 }));
    }

    #[test]
    fn of_nested_limits_the_one_nearest_to_being_hit_counts() {
        let tree = Tree::new(
            "nested",
            &[
                ("proc", "0::/pod/app\n"),
                ("sys/pod/app/memory.max", "800\n"),
                ("sys/pod/app/memory.current", "100\n"),
                ("sys/pod/memory.max", "1000\n"),
                ("sys/pod/memory.current", "980\n"),
            ],
        );
        assert_eq!(tree.container(), Some(ContainerMemory { limit_bytes: 1000, working_set_bytes: 980 }));
    }

    #[test]
    fn version_1_reads_its_own_names_and_knows_its_way_to_say_no_limit() {
        let limited = [
            ("proc", "5:cpu:/x\n4:memory:/docker/abc\n"),
            ("sys/memory/docker/abc/memory.limit_in_bytes", "2048\n"),
            ("sys/memory/docker/abc/memory.usage_in_bytes", "1024\n"),
            ("sys/memory/docker/abc/memory.stat", "total_inactive_file 24\n"),
        ];
        let expected = ContainerMemory { limit_bytes: 2048, working_set_bytes: 1000 };
        assert_eq!(Tree::new("v1", &limited).container(), Some(expected));
        let unlimited = [
            ("proc", "4:memory:/\n"),
            ("sys/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/memory/memory.usage_in_bytes", "1024\n"),
        ];
        assert_eq!(Tree::new("v1-none", &unlimited).container(), None);
    }

    #[test]
    fn a_path_that_the_container_cannot_see_falls_back_to_the_mount_s_root() {
        let tree = Tree::new(
            "namespace",
            &[("proc", "0::/host/only/path\n"), ("sys/memory.max", "5000\n"), ("sys/memory.current", "10\n")],
        );
        assert_eq!(tree.container(), Some(ContainerMemory { limit_bytes: 5000, working_set_bytes: 10 }));
    }

    #[test]
    fn without_a_cgroup_there_is_no_container_and_still_an_rss() {
        let source = MemorySource::find_in(Path::new("/nonexistent"), Path::new("/nonexistent"));
        let memory = source.read();
        assert_eq!(memory.container, None);
        assert!(memory.rss_bytes > 0);
    }
}
