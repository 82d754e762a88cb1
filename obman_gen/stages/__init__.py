"""Stage drivers: what is to do, one task per file, what became of it.

Each module has ``run(context)``, which lists the work, leaves out what is complete and sends
the rest through the engine, and a task: a module-level function of one JSON-able
specification that makes one file. A task reads the configuration from the run folder, so a
worker needs nothing but the folder.
"""
