//! Promises about files beside recipes: a module that only helps recipes is not taken for one.

use hikae::config::beside::is_helper;

#[test]
fn only_code_that_names_recipe_is_a_recipe() {
    for text in [
        "return recipe {",
        "return recipe({})",
        "local r = recipe\nreturn r {}",
        "return\nrecipe\n{ run = 1 }",
        "return 1",
        "",
        "return { run = function() end }",
    ] {
        assert!(!is_helper(text), "{text}");
    }
    for text in [
        "local m = {}\nreturn m",
        "--- For each recipe { }.\nreturn {}",
        "--[[ recipe {} ]] return {}",
        "return { text = 'a recipe { }', more = \"recipe\", long = [==[ recipe ]] ]==] }",
        "return { recipes = 1, my_recipe = 2, id = run.recipe() }",
    ] {
        assert!(is_helper(text), "{text}");
    }
}
