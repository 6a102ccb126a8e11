//! What templates stand for.

use hikae::recipe::expand::{Need, expand};
use hikae::recipe::params::Params;
use hikae::recipe::values::ParamValue;
use hikae::secret::Secret;

use crate::config::told;

#[test]
fn templates_take_the_values_of_params() {
    let values: Params = [
        ("dir", ParamValue::Path("/backups/db".into())),
        ("port", ParamValue::Integer(5432)),
        ("dirs", ParamValue::List(vec!["/a".into(), "/b".into()])),
        ("doubled", ParamValue::Path("/srv//backups/".into())),
        ("files", ParamValue::List(vec!["x".into(), "/etc/y".into()])),
        ("none", ParamValue::Absent),
        ("password", ParamValue::Secret(Secret::new("hunter2-of-templates"))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let expanded = |template: &str| expand(template, Need::Path, &values).unwrap();
    assert_eq!(expanded("pg_dump"), ["pg_dump"]);
    assert_eq!(expanded("{dir}/x"), ["/backups/db/x"]);
    assert_eq!(expanded("localhost:{ port }"), ["localhost:5432"]);
    assert_eq!(expanded("{{dir}} }"), ["{dir} }"]);
    assert_eq!(expanded("{dirs}/x"), ["/a/x", "/b/x"]);
    assert_eq!(expanded("{dir}/{files}"), ["/backups/db/x", "/etc/y"]);
    assert_eq!(expanded("{doubled}"), ["/srv//backups/"], "slashes within a value leave nothing of it out");
    assert_eq!(expanded("{doubled}/{files}"), ["/srv//backups//x", "/etc/y"]);
    assert_eq!(expanded("{none}/x"), [""; 0]);
    let refused = |template: &str| told(&expand(template, Need::Path, &values).unwrap_err());
    assert_eq!(
        refused("{dri}/x"),
        "cannot expand `{dri}/x`\nthere is no param `dri`\n\
         hint: did you mean `dir`? valid names: `dir`, `port`, `dirs`, `doubled`, `files`, `none`, `password`"
    );
    assert_eq!(
        refused("{password}"),
        "cannot expand `{password}`\n`password` is a secret, and what a recipe needs is shown\nhint: name no secret in `needs`"
    );
    assert_eq!(
        refused("/a/{dir"),
        "cannot read `/a/{dir`: a `{` is never closed\nhint: write `{name}` for the value of a param, or `{{` for a brace"
    );
}
