//! The dashboard in a real terminal, against a real system: what somebody on call does with it.

use nix::sys::signal::Signal;

use crate::poll::until;
use crate::tmux::Tmux;
use crate::world::World;

/// The size that the wireframes are drawn for.
const WIDE: (u16, u16) = (120, 36);

fn dashboard(world: &World, person: &str, size: (u16, u16)) -> Tmux {
    Tmux::start(size, &world.command(person, &["dashboard", "-e", "prod"]))
}

#[test]
fn an_approver_approves_what_another_proposed_and_sees_it_applied() {
    let world = World::shared();
    let key = "dashboard-approve";
    world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    world.run("dev", &["promote", key, "--to", "staging", "--yes"]).ends(0);
    let screen = dashboard(&world, "lead", WIDE);
    screen.sees("● live");
    screen.keys(&["3"]);
    // It comes while somebody looks.
    world.run("dev", &["promote", key, "--to", "prod", "--yes", "--reason", "release 47"]).ends(8);
    screen.sees(&format!("promote {key}"));
    screen.keys(&["/"]);
    screen.types(key);
    screen.keys(&["Enter"]);
    screen.sees("release 47");
    screen.keys(&["A"]);
    screen.sees("fgctl change approve");
    press(&screen, "[ Approve ]");
    screen.sees("is applied");
    let feature = world.run("lead", &["feature", "view", key, "-o", "json"]).ends(0).json();
    let prod =
        feature["stages"].as_array().unwrap().iter().find(|stage| stage["environment"]["key"] == "prod");
    assert_eq!(prod.unwrap()["live"]["number"], 1);
    screen.keys(&["q"]);
    screen.sees("ended with 0");
}

#[test]
fn a_kill_takes_the_key_in_full_and_is_restored() {
    let world = World::shared();
    let key = "dashboard-kill";
    world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    for env in ["staging", "prod"] {
        let code = if env == "prod" { 8 } else { 0 };
        world.run("dev", &["promote", key, "--to", env, "--yes"]).ends(code);
    }
    let waiting = world.run("lead", &["change", "list", "--waiting", "-o", "json"]).ends(0).json();
    let of = |change: &&serde_json::Value| change["items"][0]["feature"]["key"] == key;
    let number = waiting.as_array().unwrap().iter().find(of).unwrap()["number"].to_string();
    world.run("lead", &["approve", &number]).ends(0);

    let screen = dashboard(&world, "lead", WIDE);
    screen.keys(&["2"]);
    screen.sees(key);
    screen.keys(&["/"]);
    screen.types(key);
    screen.keys(&["Enter", "Enter"]);
    screen.sees("Rules in prod");
    screen.sees("everyone gets");
    screen.keys(&["K"]);
    screen.sees(&format!("Kill {key} in prod?"));
    let killed = || world.run("lead", &["feature", "kills", "-o", "json"]).ends(0).stdout.contains(key);
    // Without the key it is asleep.
    screen.keys(&["Tab", "Enter"]);
    assert!(!killed());
    screen.keys(&["Escape"]);
    screen.sees_no(&format!("Kill {key} in prod?"));
    screen.keys(&["K"]);
    screen.sees("Reason");
    fill_in(&screen, "Reason", "5xx spike");
    fill_in(&screen, "Type it", key);
    press(&screen, "[ Kill ]");
    screen.sees("is killed in prod");
    assert!(killed());
    // The screen knows it once it was asked again.
    screen.sees("✗ killed");
    screen.sees("until somebody restores it");
    // It is in the history too.
    screen.sees("killed: \"5xx spike\"");
    screen.keys(&["U"]);
    screen.sees(&format!("Restore {key} in prod?"));
    press(&screen, "[ Restore ]");
    screen.sees("is restored in prod");
    screen.sees("restored  ");
    assert!(!killed());
}

#[test]
fn a_document_is_edited_and_what_cannot_be_read_is_kept() {
    let world = World::shared();
    let key = "dashboard-edit";
    world.run("dev", &["feature", "create", key, "--type", "simple", "--enabled"]).ends(0);
    for (editor, sees) in [
        ("sed -i 's/enabled: true/enabled: maybe/'", "is kept in"),
        ("sed -i 's/enabled: true/enabled: false/'", "Edit dashboard-edit in dev?"),
    ] {
        let mut command = world.command("dev", &["dashboard", "-e", "dev"]);
        command.env("EDITOR", editor).env_remove("VISUAL");
        let screen = Tmux::start(WIDE, &command);
        screen.keys(&["2"]);
        screen.sees(key);
        screen.keys(&["/"]);
        screen.types(key);
        screen.keys(&["Enter", "Enter"]);
        screen.sees("everyone gets");
        screen.keys(&["E"]);
        screen.sees(sees);
        screen.sees("● live");
        if sees.starts_with("Edit") {
            press(&screen, "[ Propose it ]");
            screen.sees("is applied");
        }
    }
    let feature = world.run("dev", &["feature", "view", key, "-o", "json"]).ends(0).json();
    assert_eq!(feature["stages"][0]["live"]["config"]["enabled"], false);
}

#[test]
fn it_outlives_a_backend_that_is_killed_and_the_terminal_is_given_back() {
    let world = World::start();
    let screen = dashboard(&world, "admin", (80, 24));
    screen.sees("● live");
    screen.keys(&["2"]);
    screen.sees("checkout-redesign");
    // Nothing brings it back but this test.
    let supervisor = world.pid("supervisor");
    let backend = world.pid("backend");
    nix::sys::signal::kill(supervisor, Signal::SIGSTOP).unwrap();
    nix::sys::signal::kill(backend, Signal::SIGKILL).unwrap();
    let offline = screen.sees("○ offline");
    assert!(offline.contains("checkout-redesign"), "what was shown stays: {offline}");
    screen.keys(&["K"]);
    screen.sees("changes are off");
    screen.resize(50, 10);
    screen.sees("FluxGate needs 60x16");
    screen.resize(120, 36);
    nix::sys::signal::kill(supervisor, Signal::SIGCONT).unwrap();
    screen.sees("● live");
    screen.keys(&["C-c"]);
    let after = screen.sees("ended with 0");
    assert!(!after.contains("live"), "the alternate screen is left: {after}");
}

/// Goes to a field by Tab and types into it.
#[track_caller]
fn fill_in(screen: &Tmux, label: &str, text: &str) {
    go_to(screen, label);
    screen.types(text);
    screen.sees(&format!("[{text}"));
}

/// Goes to the button by Tab and presses it.
#[track_caller]
fn press(screen: &Tmux, button: &str) {
    go_to(screen, button);
    screen.keys(&["Enter"]);
}

#[track_caller]
fn go_to(screen: &Tmux, place: &str) {
    until(
        place,
        || {
            // A key takes a moment to be seen; another before that would go past.
            let before = screen.painted();
            screen.keys(&["Tab"]);
            until("the next field", || screen.painted(), |painted| *painted != before);
            screen.focus()
        },
        |focus| focus.contains(place),
    );
}
