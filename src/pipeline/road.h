// The stretches of the road, each written where its command is told: single commands go one stretch, `run` goes all of
// it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "build/build.h"
#include "contract/certificates.h"
#include "contract/contract.h"
#include "github/api.h"
#include "github/event.h"
#include "github/releases.h"
#include "oci/layout.h"
#include "pipeline/result.h"
#include "pipeline/settings.h"
#include "plan/plan.h"
#include "publication/permission.h"
#include "publication/publication.h"
#include "report/run.h"
#include "verdict/ignore_files.h"
#include "verdict/layers.h"
#include "verdict/policy.h"
#include "verdict/verdict.h"

/// What the files of the work tree say.
struct Project {
    Plan plan;
    std::string dockerfile;  ///< its text
    Policy policy;
    std::string policy_revision;  ///< digest of the policy files; empty if there is none
    Problems policy_warnings;
    Problems warnings;  ///< of the other files
    github::Event event;
    std::string revision;  ///< commit; empty if there is none
    std::string source;    ///< URL of the repository; empty if not known
    Time source_date{};    ///< of the last commit that touched an input (SOURCE_DATE_EPOCH)
};

/// Reads the matrix, JOB.env, Dockerfile and policy. Throws Error{bad_input} with the problems of all of them at once.
Project load_project(const World& world, const Settings& settings);
/// The same with the matrix, JOB.env and Dockerfile of a release, which lie in `folder` under their usual names.
Project load_released_project(const World& world, const Settings& settings, const std::filesystem::path& folder);

/// What is needed to judge images that no matrix names: the policy alone, with the event. Throws Error{bad_input} with
/// the problems of the policy's files.
Project load_policy_project(const World& world, const Settings& settings);

/// What is accepted, and which files say so.
struct LoadedPolicy {
    Policy policy;         ///< its `file` names all that were read, in one line
    std::string revision;  ///< digest of these files; empty if there is none
    Problems warnings;
};
/// The policy file in `folder`. Throws Error{bad_input} with all its problems; for an ignore file of a scanner's beside
/// it, which is no longer applied; for a policy file that is not there, unless it is the usual one, which nobody has to
/// have.
LoadedPolicy load_policy(const World& world, const Settings& settings, const std::filesystem::path& folder);
/// The scanners' own ignore files that lie in `folder`.
std::vector<IgnoreFile> load_ignore_files(const World& world, const std::filesystem::path& folder);

/// The image that a layout of this plan is of.
const Image& image_of(const Plan& plan, const Layout& layout);

/// The day that decides about waivers and ends of support: today, or the one given.
Time decision_time(const World& world, const Settings& settings);

// plan and files ------------------------------------------------------------------------------------------------
/// What check and run hold against each other besides reading: support ends, Dockerfile and README against the matrix,
/// certificates.
Problems check_project(const World& world, const Settings& settings, const Project& project);

/// What image/security-upgrades.txt asks for in vain, whatever is built. Throws Error{bad_input} if it cannot be read.
Problems check_upgrades(const World& world, const Project& project);
/// What it asks for without need, as Trivy's reports in out/scans show.
Problems check_upgrades_built(const World& world, const Settings& settings, const Project& project,
                              const std::vector<Layout>& layouts);

/// The *.crt files of certificates/.
std::vector<CertificateFile> load_certificates(const World& world);

// build ---------------------------------------------------------------------------------------------------------
Built build_images(const World& world, const Settings& settings, const Project& project);
/// The layouts that lie in out/images for this plan. Throws Error{bad_input} naming all that are missing.
std::vector<Layout> load_built_images(const World& world, const Settings& settings, const Project& project);
/// Those of them that lie there.
std::vector<Layout> load_layouts_there(const World& world, const Settings& settings, const Project& project);
std::vector<Base> load_bases(const World& world, const Settings& settings);
/// {"3.13.3-production-linux-amd64":"sha256:…"} in one line.
std::string render_digests(const std::vector<Layout>& layouts);

// test ----------------------------------------------------------------------------------------------------------
enum class Known { taken, tested_again };
/// One report per layout, also in out/tests. With Known::taken an image that an earlier run found to keep its contract
/// is not tested again, as long as nothing that the answer rests on has changed.
std::vector<ContractReport> test_images(const World& world, const Settings& settings, const Project& project,
                                        const std::vector<Layout>& layouts, Known known);
/// What lies in out/tests about exactly these layouts.
std::vector<ContractReport> load_contract_reports(const World& world, const Settings& settings,
                                                  const std::vector<Layout>& layouts);

/// Known failures of the contract file that no longer hold.
Problems check_contract_file(const World& world, const Settings& settings, const std::vector<ContractReport>& reports);

// scan and judge ------------------------------------------------------------------------------------------------
/// Brings the scanners' databases up to date, without a word, unless a folder with them was given. What goes wrong is
/// told when they are needed, and tried again.
void fetch_databases_early(const World& world, const Settings& settings);
void scan_images(const World& world, const Settings& settings, const Project& project,
                 const std::vector<Layout>& layouts);
/// The images whose SBOMs lie in out/scans and were scanned again with today's databases, by name: nothing was pulled.
std::vector<std::string> rescan_images(const World& world, const Settings& settings, const Project& project,
                                       const std::vector<Layout>& layouts);
/// One verdict per layout, from out/scans; also written to out/verdicts, where nothing else is left.
std::vector<Verdict> judge_images(const World& world, const Settings& settings, const Project& project,
                                  const std::vector<Layout>& layouts);

/// What the image stands on at the end of its chain of FROMs; nothing if none of these is it. What is only copied from
/// another image is not its base.
std::optional<Base> find_base(const Settings& settings, const Project& project, const Image& image,
                              const std::vector<Base>& bases);
/// Whether the base's reference names another digest now than the one that was built on.
bool is_rebuilt(const Base& base);

/// True if the set-up's stand-ins are under this image.
bool stands_on_stand_in(const World& world, const Layout& layout);

/// A built image's layers, with those that are its base's.
ImageLayers load_layers(const World& world, const Settings& settings, const Project& project, const Layout& layout,
                        const std::vector<Base>& bases);

// report --------------------------------------------------------------------------------------------------------
/// Gathers what is known into what the reports are made from.
Run gather_run(const World& world, const Settings& settings, const Project& project, const std::vector<Layout>& layouts,
               const std::vector<ContractReport>& contracts, const std::vector<Verdict>& verdicts);
/// Removes what an earlier run said: whoever is interrupted from here on leaves no report that somebody could take for
/// this run's.
void forget_reports(const World& world, const Settings& settings);
/// The settings for a run about images that were named: it leaves this checkout's own reports alone, also when it
/// fails, and writes into out/other where there are any. What an earlier such run reported is removed.
Settings for_other_images(const World& world, Settings settings);
/// Writes out/verdict.json, verdicts/, summary.md, report.html, findings.csv and sarif/. The summary is given back for
/// make_result.
std::string save_reports(const World& world, const Settings& settings, const Run& run);
/// Exit code, annotations and outputs of a judged run, and its summary.
Result make_result(const Settings& settings, const Run& run, std::string summary);
/// Two reports that somebody else made: --trivy and --grype.
Result judge_files(const World& world, const Settings& settings);
/// Judges what lies in out/scans, writes and prints everything about it.
struct Reported {
    Run run;
    Result result;
};
Reported report_verdicts(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts);
/// A terminal that shows colours (no-color.org: NO_COLOR switches them off).
bool wants_colour(const World& world);

// publish -------------------------------------------------------------------------------------------------------
/// How it ended. A refusal is a value: result.exit and result.problems then say why, after what is visible now.
struct Published {
    Publication publication;
    PublicationState state;
    Result result;
};
/// What decides whether this run may publish.
Occasion make_occasion(const github::Event& event);
/// Throws Error{failed} if it must and may not.
Permission ask_permission(const Settings& settings, const Project& project);
/// Before anything is built, where this run will publish to a place that was named: whether it lets us push, and
/// whether what is out there lets this version out. Throws Error{failed} or Error{refused} if not.
void try_publication(const World& world, const Settings& settings, const Project& project);
Published publish_images(const World& world, const Settings& settings, const Project& project,
                         const std::vector<Layout>& layouts, const std::vector<Verdict>& verdicts,
                         const std::vector<ContractReport>& contracts);

// github --------------------------------------------------------------------------------------------------------
/// True if there is a token, and a repository that it is for.
bool has_github(const World& world, const Settings& settings);
/// Throws Error{bad_input} where has_github is false.
github::Api connect_github(const World& world, const Settings& settings);
/// Puts the findings into code scanning, where this run should: never after an unknown verdict, and on a branch that
/// publishes only after a publication, so that alerts always describe what is published. With sarif-upload: required a
/// failure sets the exit code; else it is a remark.
void upload_findings(const World& world, const Settings& settings, const Project& project, const Run& run,
                     Result& result);
/// What a pull request does to the last release: whether DEFRA_VERSION has to be raised and how far, what would be
/// published, which risks would be accepted that were not.
Problems compare_with_release(const World& world, const Settings& settings, const Project& project);
/// A push warns if nobody has looked at what is published for long. What GitHub does not tell is no fault.
void warn_of_old_scan(const World& world, const Settings& settings, const Project& project, Result& result);

// release -------------------------------------------------------------------------------------------------------
/// Makes the release of what out/publication.json says is out, or finds it. Throws Error{refused} if the publication is
/// not complete, or the images are only for trying out.
github::MadeRelease release_images(const World& world, const Settings& settings, const Project& project,
                                   const std::vector<Layout>& layouts, const Run& run);
/// `judge --release`: the decision made again from a release's evidence, as on the day it was made.
Result judge_release(const World& world, const Settings& settings);
