//! Saving what was read, and reading it back: a machine's snapshot is JSON with
//! a schema version, the host, its boot, its kernel and the time.

use ovl_core::names::shown;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use ovl_cli::context::Missed;
use ovl_cli::error::{from_io, reading};
use ovl_cli::{Context, Error, Exit, output};
use ovl_machine::machine::{Machine, SCHEMA};
use ovl_machine::names::Asking;
use ovl_machine::scene::Scene;
use serde_json::Value;

use super::part::Part;
use crate::cli::Snapshot;

/// `snapshot`: writes this machine's.
pub fn save(context: &Context, args: &Snapshot) -> Result<Exit, Error> {
    let machine = gather(context)?;
    if args.file == "-" {
        output::stream(|out| machine.write(out))?;
    } else {
        keep(&machine, Path::new(&args.file))
            .map_err(|e| from_io("write", shown(&args.file), &e))?;
    }
    let exit = context.completeness_of(&missed(&machine));
    // The process ends with the command: taking thousands of values apart again
    // would be for nothing.
    std::mem::forget(machine);
    Ok(exit)
}

/// Saves a machine as a file. A reader never sees half of one: it is written
/// beside its place and then moved there. That is for plain files only; a pipe,
/// a device or a link stays what it is and is written to.
fn keep(machine: &Machine, file: &Path) -> io::Result<()> {
    let there = fs::symlink_metadata(file).ok();
    if there.as_ref().is_some_and(|meta| !meta.is_file()) {
        return machine.write(&mut fs::File::options().write(true).truncate(true).open(file)?);
    }
    let mut part = Part::beside(file, there.as_ref())?;
    machine.write(&mut part.out)?;
    part.replace(file)
}

/// This machine, whole. The engines of the containers that were found are asked
/// for their names meanwhile; who does not answer is said with -v only.
pub fn gather(context: &Context) -> Result<Machine, Error> {
    let discovery = context.search.all();
    let asking = Asking::about_all(&discovery);
    let machine = Machine::read_all(&context.kernel, discovery);
    let mut machine = machine.map_err(reading("the machine", None))?;
    let names = context.names(asking);
    for space in machine.spaces.values_mut() {
        names.name(&mut space.found);
    }
    machine.networks = names.networks;
    Ok(machine)
}

/// What of a machine could not be read.
fn missed(machine: &Machine) -> Missed<'_> {
    Missed {
        hidden: machine.hidden,
        unread: machine.unread.len(),
        hides: machine.hides,
        closed: &machine.closed,
        ..Missed::default()
    }
}

/// The same, of all machines of a view.
pub fn completeness(context: &Context, scene: &Scene) -> Exit {
    let closed: Vec<_> = scene.machines.iter().flat_map(|m| m.closed.clone()).collect();
    context.completeness_of(&Missed {
        hidden: scene.machines.iter().map(|m| m.hidden).sum(),
        unread: scene.machines.iter().map(|m| m.unread.len()).sum(),
        hides: scene.machines.iter().any(|m| m.hides),
        closed: &closed,
        ..Missed::default()
    })
}

/// The machines of `--snapshot`: files, `-` for standard input, `live` for this one.
pub fn load(context: &Context, from: &[String]) -> Result<Scene, Error> {
    if from.iter().filter(|place| *place == "-").count() > 1 {
        let error =
            Error::usage("--snapshot - is there twice, and standard input can be read once");
        return Err(error.hint("the others can be files"));
    }
    let mut scene = Scene::default();
    for place in from {
        scene.add(match place.as_str() {
            "live" => gather(context)?,
            file => read(file)?,
        });
    }
    Ok(scene)
}

fn read(file: &str) -> Result<Machine, Error> {
    let name = shown(file);
    let mut text = String::new();
    let got = if file == "-" {
        io::stdin().read_to_string(&mut text).map(drop)
    } else {
        fs::read_to_string(file).map(|t| text = t)
    };
    got.map_err(|e| {
        let error = from_io("read", format!("snapshot {name}"), &e);
        let missing = e.kind() == io::ErrorKind::NotFound;
        Error { exit: if missing { Exit::Missing } else { error.exit }, ..error }
    })?;
    let not_one = |why: String| {
        Error::new(Exit::Failed, format!("{name} is not a snapshot: {}", shown(why)))
            .about("read", format!("snapshot {name}"), None)
            .hint("ovl-inspect snapshot FILE writes one")
    };
    // The version is looked at first: a newer form may not parse as this one.
    let mut value: Value = serde_json::from_str(&text).map_err(|e| not_one(e.to_string()))?;
    match value.get("schema").and_then(Value::as_u64) {
        Some(version) if version <= u64::from(SCHEMA) => {}
        Some(version) => {
            return Err(Error::new(
                Exit::Failed,
                format!("snapshot {name} has schema {version}; this program reads up to {SCHEMA}"),
            )
            .about("read", format!("snapshot {name}"), None));
        }
        None => return Err(not_one("it names no schema".into())),
    }
    for space in value.get_mut("spaces").and_then(Value::as_array_mut).into_iter().flatten() {
        space.get_mut("state").into_iter().for_each(spell_out);
    }
    serde_json::from_value(value).map_err(|e| not_one(e.to_string()))
}

/// What people give: it is kept as it is, and escaped where it is shown.
const GIVEN: [&str; 2] = ["name", "alias"];

/// The kernel's own words, of kinds, states and protocols, are shown as they are: in a
/// file somebody else may have written them, with what a terminal would act on.
fn spell_out(value: &mut Value) {
    match value {
        Value::String(word) if word.contains(char::is_control) => *word = shown(&*word),
        Value::Array(list) => list.iter_mut().for_each(spell_out),
        Value::Object(map) => {
            let words = map.iter_mut().filter(|(key, _)| !GIVEN.contains(&key.as_str()));
            words.for_each(|(_, value)| spell_out(value));
        }
        _ => {}
    }
}
