//! Updates the lifecycle rules of a bucket: only hikae's own rules change, all others are written back unchanged.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};

/// The id of the rule from the documented policy.
const DOCUMENTED: &str = "BackupRetentionRule";
/// The prefix of the ids of hikae's own rules.
const OWN: &str = "hikae-";

/// The tag that lets rules distinguish backups from manifests.
pub const TAG: &str = "hikae";

/// The documented policy, in the vendor's JSON.
pub fn documented(prefix: &str) -> Value {
    json!({ "Rules": [{
        "ID": DOCUMENTED, "Status": "Enabled", "Filter": { "Prefix": prefix },
        "Transitions": [{ "Days": 30, "StorageClass": "GLACIER" }, { "Days": 365, "StorageClass": "DEEP_ARCHIVE" }],
        "Expiration": { "Days": 2555 },
    }] })
}

/// The desired rules of a bucket, and how they differ from the current ones.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// One line for each rule that is added, removed or changed.
    pub lines: Vec<String>,
    /// The whole configuration, in S3's format.
    pub text: String,
}

/// An XML element.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn of(name: &str, text: &str) -> Element {
        Element { name: name.to_owned(), text: text.to_owned(), children: Vec::new() }
    }

    fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element with its children sorted, so that their order does not matter.
    fn sorted(mut self) -> Element {
        self.children = self.children.into_iter().map(Element::sorted).collect();
        self.children.sort();
        self
    }

    fn write(&self, out: &mut String) {
        out.push_str(&format!("<{}>", self.name));
        out.push_str(&quick_xml::escape::escape(&self.text));
        self.children.iter().for_each(|child| child.write(out));
        out.push_str(&format!("</{}>", self.name));
    }
}

/// A rule of the bucket: parsed, and its original text.
struct Rule {
    id: String,
    element: Element,
    letters: String,
}

impl Rule {
    fn is_own(&self) -> bool {
        self.id == DOCUMENTED || self.id.starts_with(OWN)
    }
}

/// The difference between the bucket's rules and `policy`, in the vendor's JSON; `None` if there is no difference.
pub fn change(there: Option<&str>, policy: &Value, prefix: &str) -> Result<Option<Change>> {
    let has = there.map_or(Ok(Vec::new()), rules_of)?;
    let rules = rules(policy, prefix)?;
    let mut lines = Vec::new();
    for element in &rules {
        let id = id_of(element);
        match has.iter().find(|rule| rule.id == id) {
            None => lines.push(format!("+ {id}")),
            Some(rule) if !rule.is_own() => return Err(foreign(&id)),
            Some(rule) if rule.element.clone().sorted() != element.clone().sorted() => lines.push(format!("~ {id}")),
            Some(_) => {}
        }
    }
    let gone = has.iter().filter(|rule| rule.is_own() && !rules.iter().any(|element| id_of(element) == rule.id));
    lines.extend(gone.map(|rule| format!("- {}", rule.id)));
    if lines.is_empty() {
        return Ok(None);
    }
    let mut text = String::from("<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    has.iter().filter(|rule| !rule.is_own()).for_each(|rule| text.push_str(&rule.letters));
    rules.iter().for_each(|element| element.write(&mut text));
    text.push_str("</LifecycleConfiguration>");
    Ok(Some(Change { lines, text }))
}

fn foreign(id: &str) -> Error {
    Error::new(Kind::Recipe, format!("the lifecycle rule `{id}` is not hikae's to change"))
        .hint(format!("name it `{DOCUMENTED}`, or begin its `ID` with `{OWN}`"))
}

fn id_of(rule: &Element) -> String {
    rule.child("ID").map(|id| id.text.clone()).unwrap_or_default()
}

/// The rules of a policy, adjusted to keep manifests readable and to remove unfinished uploads.
fn rules(policy: &Value, prefix: &str) -> Result<Vec<Element>> {
    let wrong = || {
        Error::new(Kind::Recipe, "the lifecycle is no list of rules").hint(
            "write it as `aws s3api put-bucket-lifecycle-configuration` takes it: `{ \"Rules\": [{ \"ID\": … }] }`",
        )
    };
    let mut rules = Vec::new();
    for rule in policy.get("Rules").and_then(Value::as_array).ok_or_else(wrong)? {
        let mut rule = element("Rule", rule);
        let id = id_of(&rule);
        if id != DOCUMENTED && !id.starts_with(OWN) {
            return Err(foreign(&id));
        }
        // Neither `status` nor the monitor could read manifests in archive storage.
        if let (Some(_), Some(below)) = (rule.child("Transition"), prefix_of(&rule)) {
            set_filter(&mut rule, &below, "backup");
            if let Some(expiration) = rule.child("Expiration").cloned() {
                let mut beside = Element::of("Rule", "");
                let name = format!("{OWN}manifests-of-{id}");
                beside.children = vec![Element::of("ID", &name), Element::of("Status", "Enabled"), expiration];
                set_filter(&mut beside, &below, "manifest");
                rules.push(beside);
            }
        }
        rules.push(rule);
    }
    let mut unfinished = Element::of("Rule", "");
    let mut filter = Element::of("Filter", "");
    filter.children.push(Element::of("Prefix", prefix));
    let mut abort = Element::of("AbortIncompleteMultipartUpload", "");
    abort.children.push(Element::of("DaysAfterInitiation", "7"));
    let id = Element::of("ID", &format!("{OWN}unfinished-uploads"));
    unfinished.children = vec![id, Element::of("Status", "Enabled"), filter, abort];
    rules.push(unfinished);
    Ok(rules)
}

/// The prefix of a rule that filters only by prefix.
fn prefix_of(rule: &Element) -> Option<String> {
    match rule.child("Filter") {
        None => Some(rule.child("Prefix").map(|prefix| prefix.text.clone()).unwrap_or_default()),
        Some(filter) if filter.children.is_empty() => Some(String::new()),
        Some(filter) if filter.children.len() == 1 => filter.child("Prefix").map(|prefix| prefix.text.clone()),
        Some(_) => None,
    }
}

fn set_filter(rule: &mut Element, prefix: &str, value: &str) {
    rule.children.retain(|child| child.name != "Filter" && child.name != "Prefix");
    let mut tag = Element::of("Tag", "");
    tag.children = vec![Element::of("Key", TAG), Element::of("Value", value)];
    let mut filter = Element::of("Filter", "");
    match prefix.is_empty() {
        true => filter.children.push(tag),
        false => {
            let mut and = Element::of("And", "");
            and.children = vec![Element::of("Prefix", prefix), tag];
            filter.children.push(and);
        }
    }
    rule.children.push(filter);
}

/// The element for a value of the vendor's JSON; a list becomes several elements, whose name has no `s`.
fn element(name: &str, value: &Value) -> Element {
    let mut made = Element::of(name, "");
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                match value {
                    Value::Array(items) => {
                        let one = field.strip_suffix('s').unwrap_or(field);
                        made.children.extend(items.iter().map(|item| element(one, item)));
                    }
                    value => made.children.push(element(field, value)),
                }
            }
        }
        Value::String(text) => made.text = text.clone(),
        other => made.text = other.to_string(),
    }
    made
}

/// Parses the rules of a configuration.
fn rules_of(text: &str) -> Result<Vec<Rule>> {
    let wrong = |_| {
        Error::new(Kind::Other, "cannot read the lifecycle rules that the bucket has")
            .hint("nothing was changed: look at them with the tools of the store's vendor")
    };
    let mut reader = Reader::from_str(text);
    let (mut open, mut rules, mut begun) = (vec![Element::default()], Vec::new(), 0);
    loop {
        let before = reader.buffer_position() as usize;
        match reader.read_event().map_err(wrong)? {
            Event::Start(start) => {
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                if name == "Rule" {
                    begun = before;
                }
                open.push(Element::of(&name, ""));
            }
            Event::Empty(empty) => {
                let name = String::from_utf8_lossy(empty.local_name().as_ref()).into_owned();
                if let Some(above) = open.last_mut() {
                    above.children.push(Element::of(&name, ""));
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { break };
                if done.name == "Rule" {
                    let letters = text[begun..reader.buffer_position() as usize].to_owned();
                    rules.push(Rule { id: id_of(&done), element: done.clone(), letters });
                }
                if let Some(above) = open.last_mut() {
                    above.children.push(done);
                }
            }
            Event::Text(said) => {
                if let (Some(above), Ok(said)) = (open.last_mut(), said.decode()) {
                    above.text.push_str(said.trim());
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(rules)
}
