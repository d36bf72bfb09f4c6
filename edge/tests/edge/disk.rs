//! What an edge keeps on disk: whatever happens to the file or the folder, it starts with the newest sound generation of
//! its own client, or without, and says what it found.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fluxgate_edge::disk::{Broken, FORMAT, Folder, Opened, decode, encode};
use fluxgate_edge::sync::{Image, Machine};
use fluxgate_proto::v1::{Kill, Kills};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::steps::{Bench, identity, now};
use crate::world::{self, DEV, EPOCH, delta, kills, snapshot, stage, text_flag};

const KEY: [u8; 32] = [7; 32];
const ID: Uuid = Uuid::from_u128(0x1d);

fn image(revision: u64) -> Image {
    let kill = Kill { environment_id: DEV.as_bytes().to_vec(), feature_key: "text".to_owned() };
    Image {
        epoch: EPOCH,
        revision,
        kills: Some(Kills { epoch: EPOCH.as_bytes().to_vec(), revision: 1, kills: vec![kill] }),
        items: world::items().into_iter().map(Arc::new).collect(),
        last_good: Vec::new(),
        keys: vec![KEY],
        current_ms: 1_700_000_000_000,
    }
}

fn open(path: &Path) -> Opened {
    Folder::open(path, &KEY, ID)
}

fn revision(opened: &Opened) -> Option<u64> {
    opened.image.as_ref().map(|image| image.revision)
}

/// A folder in which revisions 1 and 2 were written; the newer one is `state.1`.
fn two_generations() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path());
    opened.folder.save(&image(1)).unwrap();
    opened.folder.save(&image(2)).unwrap();
    folder
}

#[test]
fn every_flipped_bit_and_every_torn_end_is_noticed() {
    let small = Image { items: world::items().into_iter().take(2).map(Arc::new).collect(), ..image(3) };
    let whole = encode(&small, 9);
    assert_eq!(decode(&whole).unwrap(), (9, small));
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(
            matches!(decode(&flipped), Err(Broken::Magic | Broken::Length | Broken::Checksum)),
            "byte {at}"
        );
        assert_eq!(decode(&whole[..at]).unwrap_err(), Broken::Length, "cut at {at}");
    }
    assert_eq!(decode(&[&whole[..], b"x"].concat()).unwrap_err(), Broken::Length);
}

#[test]
fn what_was_written_is_found_and_only_its_owner_reads_it() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a/b");
    let mut opened = open(&path);
    assert_eq!((opened.edge_id, revision(&opened), &opened.failing), (Some(ID), None, &None));
    for revision in 1..=5 {
        opened.folder.save(&image(revision)).unwrap();
    }
    drop(opened);
    let opened = Folder::open(&path, &KEY, Uuid::from_u128(0xbad));
    assert_eq!(opened.edge_id, Some(ID), "the identity stays");
    assert_eq!(opened.image, Some(image(5)));
    assert!(opened.set_aside.is_empty());
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    for name in ["state.0", "state.1", "edge-id", "lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
}

#[test]
fn a_broken_generation_is_set_aside_and_the_other_one_is_used() {
    for (broken, sound, left) in [("state.1", 1, "state.0"), ("state.0", 2, "state.1")] {
        let folder = two_generations();
        let bytes = fs::read(folder.path().join(broken)).unwrap();
        fs::write(folder.path().join(broken), &bytes[..bytes.len() / 2]).unwrap();
        let mut opened = open(folder.path());
        assert_eq!(revision(&opened), Some(sound));
        assert!(opened.set_aside[0].contains(&format!("{broken}.broken")), "{:?}", opened.set_aside);
        assert_eq!(fs::read(folder.path().join(format!("{broken}.broken"))).unwrap().len(), bytes.len() / 2);
        // The next write takes the free place, never that of the only sound one.
        let before = fs::read(folder.path().join(left)).unwrap();
        opened.folder.save(&image(3)).unwrap();
        assert_eq!(fs::read(folder.path().join(left)).unwrap(), before);
        drop(opened);
        assert_eq!(revision(&open(folder.path())), Some(3));
    }
}

#[test]
fn two_broken_generations_are_an_empty_folder() {
    let folder = two_generations();
    for name in ["state.0", "state.1", "edge-id"] {
        fs::write(folder.path().join(name), b"\xff nonsense").unwrap();
    }
    let other = Uuid::from_u128(0x2d);
    let opened = Folder::open(folder.path(), &KEY, other);
    assert_eq!((revision(&opened), opened.set_aside.len()), (None, 3), "{:?}", opened.set_aside);
    assert_eq!((opened.edge_id, opened.failing), (Some(other), None));
}

#[test]
fn an_unfinished_write_is_nothing() {
    let folder = two_generations();
    fs::write(folder.path().join("unfinished"), b"half").unwrap();
    let mut opened = open(folder.path());
    assert_eq!((revision(&opened), opened.set_aside.len()), (Some(2), 0));
    opened.folder.save(&image(3)).unwrap();
}

#[test]
fn a_newer_format_is_left_to_the_version_that_knows_it() {
    let folder = two_generations();
    let path = folder.path().join("state.1");
    let mut bytes = fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&(FORMAT + 1).to_le_bytes());
    let sum = Sha256::new().chain_update(&bytes[..20]).chain_update(&bytes[52..]).finalize();
    bytes[20..52].copy_from_slice(&sum);
    fs::write(&path, &bytes).unwrap();
    let opened = open(folder.path());
    assert_eq!(revision(&opened), Some(1));
    assert!(opened.set_aside[0].contains("newer version"), "{:?}", opened.set_aside);
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing is wrong with it");
}

#[test]
fn what_was_delivered_to_another_client_is_not_used_and_a_rotated_key_is() {
    let folder = two_generations();
    let stranger = Folder::open(folder.path(), &[8; 32], ID);
    assert_eq!((revision(&stranger), stranger.set_aside.len()), (None, 2));
    drop(stranger);
    let mut opened = open(folder.path());
    opened.folder.save(&Image { keys: vec![KEY, [9; 32]], ..image(3) }).unwrap();
    drop(opened);
    assert_eq!(revision(&Folder::open(folder.path(), &[9; 32], ID)), Some(3));
}

#[test]
fn two_edges_do_not_write_in_one_folder() {
    let folder = two_generations();
    let first = open(folder.path());
    let mut second = Folder::open(folder.path(), &KEY, Uuid::from_u128(2));
    assert_eq!(second.failing.as_deref(), Some("another edge uses the folder"));
    assert_eq!((revision(&second), second.edge_id), (Some(2), None), "they would be taken for one");
    assert!(second.folder.save(&image(3)).is_err());
    // What the first one writes meanwhile is older than what the second one writes after it, all the same.
    let mut first = first;
    for revision in 3..=6 {
        first.folder.save(&image(revision)).unwrap();
    }
    drop(first);
    second.folder.save(&image(7)).unwrap();
    assert_eq!(second.folder.take().unwrap(), ID, "it is that edge from now on");
    drop(second);
    assert_eq!(revision(&open(folder.path())), Some(7));
}

#[test]
fn a_folder_in_the_place_of_a_file_is_set_aside_or_passed_by() {
    for slot in ["state.0", "state.1"] {
        let folder = two_generations();
        let path = folder.path().join(slot);
        fs::remove_file(&path).unwrap();
        fs::create_dir_all(path.join("something")).unwrap();
        let mut opened = open(folder.path());
        assert!(opened.failing.is_none() && opened.set_aside.len() == 1, "{:?}", opened.set_aside);
        for revision in 3..=5 {
            opened.folder.save(&image(revision)).unwrap();
        }
        // One that comes later, and that cannot be moved.
        drop(opened);
        for name in [path.clone(), path.with_extension(format!("{}.broken", &slot[6..]))] {
            let _ = fs::remove_file(&name);
            fs::create_dir_all(name.join("something")).unwrap();
        }
        let mut opened = open(folder.path());
        assert!(opened.failing.is_none() && opened.set_aside.len() == 1, "{:?}", opened.set_aside);
        for revision in 6..=8 {
            opened.folder.save(&image(revision)).unwrap();
        }
        assert!(path.is_dir());
        drop(opened);
        assert_eq!(revision(&open(folder.path())), Some(8));
    }
}

#[test]
fn a_folder_that_is_none_is_reported_and_one_that_comes_back_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file/below");
    fs::write(folder.path().join("file"), b"").unwrap();
    let mut opened = open(&path);
    assert_eq!((opened.edge_id, revision(&opened)), (None, None));
    assert!(opened.failing.is_some());
    assert!(opened.folder.save(&image(1)).is_err());
    fs::remove_file(folder.path().join("file")).unwrap();
    opened.folder.save(&image(1)).unwrap();
    fs::remove_dir_all(&path).unwrap();
    opened.folder.save(&image(2)).unwrap();
    drop(opened);
    assert_eq!(revision(&open(&path)), Some(2));
}

#[test]
fn a_machine_goes_on_from_its_image() {
    let mut bench = Bench::in_step();
    bench.hear(kills(2, &[(DEV, "text")]));
    let bad = stage(0x104, 2, DEV, ("integer", serde_json::json!({ "enabled": "perhaps" })));
    bench.hear(delta(1, 2, vec![bad, stage(0x103, 2, DEV, ("float", text_flag("new")))]));
    let image = bench.machine.image(now(bench.at)).unwrap();
    assert_eq!((image.revision, image.last_good.len(), &image.keys[..]), (2, 1, &[KEY][..]));
    assert_eq!(decode(&encode(&image, 1)).unwrap().1, image);

    let mut next = Bench::new();
    next.machine = Machine::new(identity(), 1, now(Duration::from_secs(60)));
    next.at = Duration::from_secs(60);
    next.served = next.machine.resume(&image, now(next.at));
    assert_eq!((next.revision(), next.value("integer")), (2, Some(1.into())), "the last good version stays");
    assert_eq!((next.value("float"), next.value("text")), (Some("new".into()), None), "a kill stays");
    assert_eq!(next.machine.status().digest, bench.machine.status().digest);
    let age = next.machine.status().current.unwrap().age(next.at);
    assert_eq!(age, Duration::from_secs(60), "its age goes on");
    next.step(fluxgate_edge::sync::Input::Tick);
    assert_eq!(next.opened[0].have.as_ref().map(|have| have.revision), Some(2));
    // An older message does not undo the kill, after a restart either.
    next.step(fluxgate_edge::sync::Input::Opened);
    next.hear(kills(1, &[]));
    assert_eq!(next.value("text"), None);
}

#[test]
fn a_snapshot_older_than_what_is_held_is_taken_only_when_the_database_went_back() {
    use fluxgate_proto::v1::backend_message::Message;
    use fluxgate_proto::v1::{Reset, ResetReason};

    let mut bench = Bench::in_step();
    bench.hear(kills(5, &[(DEV, "text")]));
    bench.hear(delta(1, 5, Vec::new()));
    bench.hear_all(snapshot(3, &[]));
    assert_eq!((bench.revision(), bench.value("integer")), (5, Some(1.into())), "a replica that lags");
    let mut bench = Bench::in_step();
    bench.hear(kills(5, &[(DEV, "text")]));
    bench.hear(delta(1, 5, Vec::new()));
    bench.hear(Message::Reset(Reset { reason: ResetReason::FutureRevision.into() }));
    bench.hear(kills(3, &[]));
    bench.hear_all(snapshot(3, &world::items()));
    assert_eq!((bench.revision(), bench.value("text").is_some()), (3, true));
}
