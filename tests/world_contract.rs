//! One set of promises for every world, so that a simulation cannot lie; then what only the real one and each decorator promise.

mod acts;
mod checks;
mod databases;
mod dry;
mod faulty;
mod guarded;
mod http_checks;
mod journal;
mod limited;
mod mails;
mod object_checks;
mod object_decorators;
mod object_kinds;
mod object_troubles;
mod packing;
pub mod objects;
pub mod place;
mod program_checks;
mod real_files;
mod real_programs;
mod simulation;
mod wall;

/// Runs every check on one world.
macro_rules! holds {
    ($world:ident) => {
        mod $world {
        holds!($world in checks: a_new_file_shows_only_after_its_commit, an_aborted_file_leaves_nothing,
            a_dropped_file_leaves_nothing, a_taken_name_is_kept, a_name_taken_meanwhile_is_kept,
            small_files_are_whole_or_not_there, small_files_are_replaced_only_on_request, reading_is_bounded,
            reading_streams_every_byte, absence_is_told, a_file_is_not_a_folder, folders_are_made_with_those_above,
            renaming_never_replaces, removing_takes_files_and_empty_folders, listings_are_sorted_and_filtered_by_name,
            listings_go_down_only_on_request, a_bad_pattern_is_refused, paths_are_absolute_and_never_step_up,
            space_is_told_for_folders_to_come, a_lock_is_held_once, sleeping_takes_its_time,
            nothing_is_left_of_what_was_given_up, only_partials_of_the_dead_are_swept, ages_are_counted_in_whole_days,
            links_are_seen_and_removed_as_themselves, no_link_leads_out, a_name_of_any_length_can_be_written);
        holds!($world in packing: an_archive_has_all_in_order_and_links_as_links,
            patterns_pick_what_goes_into_an_archive, a_root_is_there_and_no_link,
            a_look_at_what_would_be_packed_gives_no_byte, many_are_removed_at_once,
            modes_and_owners_are_set_but_never_through_a_link);
        holds!($world in program_checks: output_and_exit_are_told, a_program_that_fails_never_ends_its_output,
            the_environment_is_clean, secrets_are_struck_out_of_what_a_program_says, input_reaches_the_program_and_ends,
            a_program_that_ends_without_reading_is_told, a_program_that_falls_silent_is_cut_off,
            what_cannot_be_started_is_told, programs_are_found_along_the_path);
        holds!($world in http_checks: an_answer_is_given_as_it_came, a_bad_status_is_an_answer_too,
            a_redirect_is_left_to_the_caller, an_answer_without_a_body_ends_at_once, a_body_that_breaks_off_never_ends,
            a_server_that_hangs_is_cut_off, what_was_never_sent_is_told, a_line_break_in_a_header_is_refused,
            a_body_goes_out_as_a_stream, an_upload_that_is_answered_badly_has_failed,
            a_body_is_as_long_as_it_was_announced, an_upload_that_is_given_up_is_never_whole,
            an_upload_whose_server_hangs_is_cut_off);
        }
    };
    ($world:ident in $checks:ident: $($check:ident),*) => {
        mod $checks {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                super::super::$checks::$check(&super::super::place::$world()).await;
            })*
        }
    };
}

holds!(real);
holds!(simulated);

/// What is planned is seen as if it were there. What nobody knows, such as the bytes of a planned stream, cannot be promised.
mod dry_run {
    holds!(dry_run in checks: an_aborted_file_leaves_nothing, a_dropped_file_leaves_nothing, a_taken_name_is_kept,
        small_files_are_whole_or_not_there, small_files_are_replaced_only_on_request, reading_is_bounded,
        absence_is_told, a_file_is_not_a_folder, folders_are_made_with_those_above, renaming_never_replaces,
        removing_takes_files_and_empty_folders, listings_are_sorted_and_filtered_by_name,
        listings_go_down_only_on_request, a_bad_pattern_is_refused, paths_are_absolute_and_never_step_up,
        space_is_told_for_folders_to_come, a_lock_is_held_once, sleeping_takes_its_time,
        ages_are_counted_in_whole_days, links_are_seen_and_removed_as_themselves);
    holds!(dry_run in packing: many_are_removed_at_once);
    holds!(dry_run in http_checks: an_answer_is_given_as_it_came, a_bad_status_is_an_answer_too,
        a_redirect_is_left_to_the_caller, a_body_that_breaks_off_never_ends, a_server_that_hangs_is_cut_off,
        what_was_never_sent_is_told, a_line_break_in_a_header_is_refused, a_body_goes_out_as_a_stream,
        an_upload_that_is_given_up_is_never_whole);
}
