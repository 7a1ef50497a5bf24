"""The command line. Nothing heavy is imported before a command needs it: --help answers at once."""

from __future__ import annotations

import click

from monitor.cli import (
    backfilling,
    cases,
    configuring,
    correcting,
    corrections,
    deliveries,
    digesting,
    doctor,
    evaluating,
    importing,
    posts,
    querying,
    rescoring,
    routing,
    running,
    sampling,
    scoring,
    sources,
    thresholds,
    training,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(dir_okay=False),
    default="monitor.toml",
    show_default=True,
    envvar="MONITOR_CONFIG",
    help="The configuration file.",
)
@click.version_option(package_name="sentiment-monitor", prog_name="monitor")
@click.pass_context
def main(ctx: click.Context, config: str) -> None:
    """Hears what customers say in public, tells the right people, and reports to the director each week.

    Start with:  monitor init --company "Your company"  and then  monitor run
    """
    ctx.obj = config


main.add_command(configuring.init)
main.add_command(configuring.config)
main.add_command(running.run)
main.add_command(running.status)
main.add_command(running.db)
main.add_command(running.demo)
main.add_command(doctor.doctor)
main.add_command(sources.sources)
main.add_command(backfilling.backfill)
main.add_command(querying.query)
main.add_command(importing.import_file)
main.add_command(posts.posts)
main.add_command(scoring.score)
main.add_command(rescoring.rescore)
main.add_command(training.train)
main.add_command(evaluating.evaluate)
main.add_command(thresholds.thresholds)
main.add_command(routing.route)
main.add_command(cases.cases)
main.add_command(correcting.correct)
main.add_command(corrections.corrections)
main.add_command(sampling.sample)
main.add_command(deliveries.deliveries)
main.add_command(digesting.digest)
