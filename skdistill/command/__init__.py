"""The command line: `skdistill`, or `python -m skdistill`.

A table is read (`reading.py`), its target becomes classes or numbers (`target.py`), its columns
numbers and text (`columns.py`); teachers and students have names (`models.py`); what was compared
is printed (`output.py`) and saved (`saving.py`); what was saved is read again (`loading.py`) and
asked (`predict.py`). The rest is what can be asked for (`options.py`) and the order of it all
(`run.py`). Libraries are imported where they are used, so that help is quick.
"""
