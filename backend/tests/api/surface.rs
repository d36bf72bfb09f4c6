//! The schema taken apart, for tests that go over all of it.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};

/// What stands in the schema, by the names of types.
pub struct Surface {
    /// Of each object its fields, and of each field its arguments.
    objects: BTreeMap<String, Vec<(String, Vec<Value>)>>,
    /// Of each input object its fields.
    inputs: BTreeMap<String, Vec<Value>>,
}

/// An argument, or an input object's field.
struct Value {
    name: String,
    of: String,
    list: bool,
}

impl Surface {
    /// That of the server.
    pub fn new() -> Surface {
        let (mut objects, mut inputs) = (BTreeMap::new(), BTreeMap::new());
        for definition in parse_schema(fluxgate_backend::graphql::sdl()).unwrap().definitions {
            let TypeSystemDefinition::Type(defined) = definition else { continue };
            let name = defined.node.name.node.to_string();
            match defined.node.kind {
                TypeKind::Object(object) => {
                    let fields = object.fields.iter().map(|field| {
                        let arguments = field.node.arguments.iter().map(|argument| value(&argument.node));
                        (field.node.name.node.to_string(), arguments.collect())
                    });
                    objects.insert(name, fields.collect());
                }
                TypeKind::InputObject(input) => {
                    inputs.insert(name, input.fields.iter().map(|field| value(&field.node)).collect());
                }
                _ => {}
            }
        }
        Surface { objects, inputs }
    }

    /// The fields of a type; none of one that does not exist.
    pub fn fields(&self, of: &str) -> BTreeSet<String> {
        self.objects.get(of).into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// Every place where a caller says something, like `editStage.environment` or `Team.features.filter.owner`.
    pub fn places(&self) -> BTreeSet<String> {
        let mut places = BTreeSet::new();
        for (object, fields) in &self.objects {
            for (field, arguments) in fields {
                let at = if object == "Mutation" { field.clone() } else { format!("{object}.{field}") };
                for argument in arguments {
                    match (object.as_str(), argument.name.as_str(), self.inputs.get(&argument.of)) {
                        ("Mutation", "input", Some(inner)) => self.add(&mut places, &at, inner),
                        _ => self.add(&mut places, &at, std::slice::from_ref(argument)),
                    }
                }
            }
        }
        places
    }

    fn add(&self, places: &mut BTreeSet<String>, at: &str, values: &[Value]) {
        for value in values {
            let here = format!("{at}.{}{}", value.name, if value.list { "[]" } else { "" });
            match self.inputs.get(&value.of) {
                Some(inner) => self.add(places, &here, inner),
                None => {
                    places.insert(here);
                }
            }
        }
    }
}

fn value(defined: &InputValueDefinition) -> Value {
    let (of, list) = named(&defined.ty.node);
    Value { name: defined.name.node.to_string(), of, list }
}

/// The type that a type is made of, and whether it is a list of it.
fn named(of: &Type) -> (String, bool) {
    match &of.base {
        BaseType::Named(name) => (name.to_string(), false),
        BaseType::List(inner) => (named(inner).0, true),
    }
}

#[test]
fn places_are_found_wherever_they_are() {
    let places = Surface::new().places();
    for place in [
        "editStage.environment",
        "createPipeline.stages[].after",
        "createPolicy.environments[]",
        "Query.team.key",
        "Team.features.filter.environment",
        "Feature.versions.environment",
    ] {
        assert!(places.contains(place), "{place} is not among {places:?}");
    }
}
