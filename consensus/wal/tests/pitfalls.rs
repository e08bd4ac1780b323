//! The ways a log loses what it acknowledged, each on a disk that does what disks do.

#[path = "shared/disk.rs"]
#[allow(dead_code)]
mod disk;

use std::io::{self, ErrorKind};

use disk::{Disk, Folder, Handle, Trouble};

/// What the disk does before each call.
fn pause(_: &str) {}

fn file(disk: &Disk) -> (Folder, Handle) {
    let folder = Folder::open(disk.path()).unwrap().unwrap();
    let mut file = folder.create("log").unwrap();
    file.write_at(&[0; 2048], 0).unwrap();
    file.sync().unwrap();
    folder.sync().unwrap();
    (folder, file)
}

fn read(disk: &Disk, name: &str) -> io::Result<Vec<u8>> {
    Folder::open(disk.path())?.expect("nobody else has it").read(name)
}

// ANCHOR: again
/// A log that is not put off by a disk that stumbles.
fn force_patiently(file: &mut Handle, record: &[u8], offset: u64) {
    file.write_at(record, offset).unwrap();
    while file.sync().is_err() {} // it will come round
}
// ANCHOR_END: again

#[test]
fn an_fsync_that_is_tried_again_succeeds_and_the_record_is_gone() {
    let disk = Disk::new();
    let (_folder, mut file) = file(&disk);
    disk.troubled(Trouble::Fails(1, ErrorKind::Other));
    force_patiently(&mut file, b"paid", 0);
    assert_eq!(disk.calls(), ["write", "sync", "sync"]);
    // It can be read as long as the system is up, which makes it worse.
    assert_eq!(disk.copy().crashes().len(), 1, "nothing is left to be written");
    let after = disk.crashed(|_| true);
    assert_eq!(read(&after, "log").unwrap()[..4], [0; 4], "it was acknowledged, and is not there");
}

#[test]
fn a_length_in_front_is_no_proof_that_a_record_is_whole() {
    let disk = Disk::new();
    let (_folder, mut file) = file(&disk);
    // A record of two sectors, with its length in front. The power goes before its sync.
    let mut record = 600_u32.to_le_bytes().to_vec();
    record.extend([7; 600]);
    file.write_at(&record, 0).unwrap();
    let read = |disk: &Disk| -> Vec<u8> {
        let bytes = read(disk, "log").unwrap();
        let length = u32::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        bytes[4..4 + length].to_vec()
    };
    // The first sector reached the disk, the second did not.
    let torn = read(&disk.crashed(|sector| sector == 0));
    assert_eq!(torn.len(), 600, "it looks whole");
    assert!(torn.ends_with(&[0; 92]), "and its end was never written");
    // Or the second did, and the first did not: sectors keep no order.
    assert_eq!(read(&disk.crashed(|sector| sector == 1)).len(), 0);
}

#[test]
fn a_file_is_not_safe_before_its_folder_is() {
    let disk = Disk::new();
    let (folder, _) = file(&disk);
    let mut next = folder.create("next").unwrap();
    next.write_at(b"paid", 0).unwrap();
    next.sync().unwrap();
    let after = disk.crashed(|_| false);
    assert_eq!(read(&after, "next").unwrap_err().kind(), ErrorKind::NotFound);
    folder.sync().unwrap();
    assert_eq!(read(&disk.crashed(|_| false), "next").unwrap(), b"paid");
}
