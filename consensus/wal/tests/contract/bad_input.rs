//! Bad input: a clear error, no panic, and nothing acknowledged lost.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::say;
use super::surface::Log;
use super::under_test::{AppendError, Cut, OpenError, Options, Record, Recovery};

fn options() -> Options {
    Options { segment_bytes: 4096, max_record: 3000, ..Options::new(0xcafe) }
}

fn name(segment: u64) -> String {
    format!("{segment:020}.wal")
}

/// Three segments with three records each, then one with two.
fn sample<L: Log>(folder: &Path) {
    let (log, _) = L::open(folder, &options(), |_| ()).unwrap();
    for count in 0..11 {
        log.force(&[Record::new(count, &[count; 900])]).unwrap();
    }
    log.shutdown().unwrap();
    assert!(folder.join(name(4)).exists() && !folder.join(name(5)).exists());
}

fn open<L: Log>(folder: &Path) -> Result<Recovery, OpenError> {
    let mut kinds = Vec::new();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let opened = loop {
        kinds.clear();
        match L::open(folder, &options(), |entry| kinds.push(entry.kind)) {
            // A child that another test starts has what is open here until it becomes its program.
            Err(OpenError::InUse(_)) if std::time::Instant::now() < deadline => {
                std::thread::yield_now();
            }
            opened => break opened,
        }
    };
    let (log, recovery) = opened?;
    assert!(kinds.iter().copied().eq(0..recovery.last as u8), "{kinds:?}");
    // What was opened can be used.
    log.force(&[Record::new(recovery.last as u8, b"next")]).unwrap();
    Ok(recovery)
}

fn edit(folder: &Path, segment: u64, offset: u64, bytes: &[u8]) {
    let file = File::options().write(true).open(folder.join(name(segment))).unwrap();
    file.write_all_at(bytes, offset).unwrap();
}

fn refused<L: Log>(folder: &Path, says: &str) {
    let before = fs::read(folder.join(name(4))).ok();
    let error = open::<L>(folder).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    assert_eq!(fs::read(folder.join(name(4))).ok(), before, "nothing is changed");
}

fn the_folder_of_another_log_is_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    let error = L::open(folder.path(), &Options::new(0xbeef), |_| ()).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::OtherLog { found: 0xcafe, wanted: 0xbeef, .. }), "{error}");
    // Nor does one of its segments pass among ours.
    let other = tempfile::tempdir().unwrap();
    let (log, _) = L::open(other.path(), &Options::new(0xbeef), |_| ()).unwrap();
    drop(log);
    fs::copy(other.path().join(name(1)), folder.path().join(name(2))).unwrap();
    refused::<L>(folder.path(), "belongs to log 0xbeef, not to 0xcafe");
}

fn a_future_version_is_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    edit(folder.path(), 4, 8, &9_u32.to_le_bytes());
    refused::<L>(folder.path(), "version 9 and this program reads up to 1");
}

fn damage_in_the_middle_is_refused_and_says_where<L: Log>() {
    for (segment, offset, place) in [(1, 520, 512), (2, 2700, 2048), (3, 1024, 1024), (3, 40, 0)] {
        let folder = tempfile::tempdir().unwrap();
        sample::<L>(folder.path());
        edit(folder.path(), segment, offset, b"?");
        refused::<L>(folder.path(), &format!("{} is damaged at byte {place}", name(segment)));
    }
    // In the last segment the batches behind it know that it was safe.
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    edit(folder.path(), 4, 1100, b"?");
    refused::<L>(folder.path(), &format!("{} is damaged at byte 1024", name(4)));
}

fn a_missing_or_short_segment_is_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    let short = File::options().write(true).open(folder.path().join(name(4))).unwrap();
    short.set_len(2048).unwrap();
    refused::<L>(folder.path(), "not the length");
    fs::remove_file(folder.path().join(name(2))).unwrap();
    refused::<L>(folder.path(), &format!("{} is damaged at byte 0: the file is missing", name(2)));
    fs::copy(folder.path().join(name(3)), folder.path().join(name(2))).unwrap();
    refused::<L>(folder.path(), "header is that of another segment");
}

fn zeros_are_no_segment<L: Log>() {
    for bytes in [vec![], vec![0; 4096]] {
        let folder = tempfile::tempdir().unwrap();
        sample::<L>(folder.path());
        fs::write(folder.path().join(name(4)), bytes).unwrap();
        refused::<L>(folder.path(), &format!("{} is damaged at byte 0: it has no header", name(4)));
    }
}

/// Where the records of the last segment end, before the seal.
const END: u64 = 512 + 512 + 2 * 1024;

fn a_torn_end_is_cut_and_says_how_much<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    // Without the seal: as if it had crashed.
    edit(folder.path(), 4, END, &[0; 512]);
    edit(folder.path(), 4, END + 100, &[7; 200]);
    let recovery = open::<L>(folder.path()).unwrap();
    assert_eq!(recovery.last, 11);
    assert_eq!(recovery.cut, Some(Cut { file: name(4), offset: END, bytes: 300 }));
    assert_eq!(open::<L>(folder.path()).unwrap().cut, None, "once is enough");
}

fn old_records_of_another_segment_are_not_read<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    // A batch that was whole in another segment, where the next batch would stand.
    let old = fs::read(folder.path().join(name(3))).unwrap();
    for from in (512..old.len() - 1024).step_by(512) {
        let at = END as usize;
        edit(folder.path(), 4, at as u64, &old[from..from + 1024]);
        assert_eq!(open::<L>(folder.path()).unwrap().last, 11);
        edit(folder.path(), 4, at as u64, &[0; 1024]);
    }
    // Nor an earlier one of the same segment.
    let same = fs::read(folder.path().join(name(4))).unwrap();
    edit(folder.path(), 4, END, &same[1024..2048]);
    assert_eq!(open::<L>(folder.path()).unwrap().last, 11);
}

fn two_openers_at_once_are_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = L::open(folder.path(), &options(), |_| ()).unwrap();
    let error = open::<L>(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    log.force(&[Record::new(0, b"the first goes on")]).unwrap();
    drop(log);
    assert_eq!(open::<L>(folder.path()).unwrap().last, 1);
}

fn a_record_over_the_limit_is_refused_alone<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = L::open(folder.path(), &options(), |_| ()).unwrap();
    let records = [Record::new(0, b"fits"), Record::new(1, &[0; 3001])];
    let error = log.force(&records).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { bytes: 3001, limit: 3000 }), "{error}");
    // The longest, and one that needs a segment of its own.
    assert_eq!(log.force(&[Record::new(0, &[0; 3000])]).unwrap(), 1);
    assert_eq!(log.force(&[Record::new(1, &[0; 3000]), Record::new(2, &[0; 3000])]).unwrap(), 3);
    log.shutdown().unwrap();
    assert_eq!(open::<L>(folder.path()).unwrap().last, 3);
}

fn options_that_make_no_sense_are_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let good = options();
    for (wrong, says) in [
        (Options { segment_bytes: 4095, ..good.clone() }, "segment_bytes must be from 4096"),
        (Options { segment_bytes: u64::MAX, ..good.clone() }, "segment_bytes must be from 4096"),
        (Options { max_record: 0, ..good.clone() }, "max_record must be from 1"),
        (Options { max_record: usize::MAX, ..good.clone() }, "max_record must be from 1"),
        (Options { room: 0, ..good.clone() }, "room must be at least 1"),
        (Options { room: usize::MAX, ..good.clone() }, "room must be at least 1"),
    ] {
        let error = L::open(folder.path(), &wrong, |_| ()).map(drop).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

fn a_file_in_the_place_of_the_folder_is_refused<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for wrong in [file.clone(), file.join("beneath")] {
        let error = L::open(&wrong, &options(), |_| ()).map(drop).unwrap_err().to_string();
        assert!(error.contains("cannot open") && error.contains("file"), "{error}");
    }
}

fn a_clock_that_jumps_changes_nothing<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    sample::<L>(folder.path());
    let day = Duration::from_hours(24);
    // The oldest segment seems to be written tomorrow, the newest in 1970.
    for (segment, time) in [(1, SystemTime::now() + day), (4, SystemTime::UNIX_EPOCH + day)] {
        let file = File::options().write(true).open(folder.path().join(name(segment))).unwrap();
        file.set_modified(time).unwrap();
    }
    assert_eq!(open::<L>(folder.path()).unwrap().last, 11);
}

fn a_read_only_folder_is_refused_and_stays_whole<L: Log>() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        let ran = Command::new("mount").args(arguments).arg(folder.path()).output();
        ran.is_ok_and(|output| output.status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=1m", "none"]) {
        return say("SKIP wal_read_only: it needs the right to mount a file system");
    }
    sample::<L>(folder.path());
    let is_read_only = mount(&["-o", "remount,ro"]);
    let error = open::<L>(folder.path()).map(drop);
    let freed = mount(&["-o", "remount,rw"]);
    let recovery = open::<L>(folder.path());
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    let error = error.unwrap_err().to_string();
    assert!(is_read_only && freed && error.contains("Read-only file system"), "{error}");
    assert_eq!(recovery.unwrap().last, 11);
}

macro_rules! bad_input {
    ($variant:ident) => {
        mod $variant {
            type Wal = crate::under_test::$variant::Wal;

            #[test]
            fn the_folder_of_another_log_is_refused() {
                super::the_folder_of_another_log_is_refused::<Wal>();
            }

            #[test]
            fn a_future_version_is_refused() {
                super::a_future_version_is_refused::<Wal>();
            }

            #[test]
            fn damage_in_the_middle_is_refused_and_says_where() {
                super::damage_in_the_middle_is_refused_and_says_where::<Wal>();
            }

            #[test]
            fn a_missing_or_short_segment_is_refused() {
                super::a_missing_or_short_segment_is_refused::<Wal>();
            }

            #[test]
            fn zeros_are_no_segment() {
                super::zeros_are_no_segment::<Wal>();
            }

            #[test]
            fn a_torn_end_is_cut_and_says_how_much() {
                super::a_torn_end_is_cut_and_says_how_much::<Wal>();
            }

            #[test]
            fn old_records_of_another_segment_are_not_read() {
                super::old_records_of_another_segment_are_not_read::<Wal>();
            }

            #[test]
            fn two_openers_at_once_are_refused() {
                super::two_openers_at_once_are_refused::<Wal>();
            }

            #[test]
            fn a_record_over_the_limit_is_refused_alone() {
                super::a_record_over_the_limit_is_refused_alone::<Wal>();
            }

            #[test]
            fn options_that_make_no_sense_are_refused() {
                super::options_that_make_no_sense_are_refused::<Wal>();
            }

            #[test]
            fn a_file_in_the_place_of_the_folder_is_refused() {
                super::a_file_in_the_place_of_the_folder_is_refused::<Wal>();
            }

            #[test]
            fn a_clock_that_jumps_changes_nothing() {
                super::a_clock_that_jumps_changes_nothing::<Wal>();
            }

            #[test]
            fn a_read_only_folder_is_refused_and_stays_whole() {
                super::a_read_only_folder_is_refused_and_stays_whole::<Wal>();
            }
        }
    };
}
bad_input!(channel);
bad_input!(lock);
