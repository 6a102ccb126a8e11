//! The page of each recipe is what its declaration says today.

use crate::support::program::{Hikae, names};

#[test]
fn the_pages_of_recipes_are_made_from_their_declarations() {
    let hikae = Hikae::new().env("HIKAE_LANG", "en");
    let said = hikae.run(&["docs", "--pages", "pages"]);
    assert_eq!(said.code, 0, "{said:?}");
    let kept = super::root().join("docs/recipes");
    let (made, known) = (names(&hikae.path("pages")), names(&kept));
    let again = "make them again: `hikae docs --pages docs/recipes`";
    assert_eq!(made, known, "{again}");
    for name in made {
        let made = std::fs::read_to_string(hikae.path("pages").join(&name)).unwrap();
        assert!(made == std::fs::read_to_string(kept.join(&name)).unwrap(), "docs/recipes/{name} is old; {again}");
    }
}
