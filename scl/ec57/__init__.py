"""Beats as cardiology reports them: the comparison and the figures of ANSI/AAMI EC57:1998/(R)2003.

What a device says of a record's beats against what cardiologists said: matched within 150 ms, counted beat by beat,
summed record by record. The rules are those of the standard as WFDB's `bxb` and `rxr` carry them out (wfdb applications
guide, physionet.org/physiotools/wag). Where ours differ from those programs, the function says so. numpy alone; no file
is read and none is written here.

    beats.py        what one annotator says of a record: beats, classes, where it could not
    matching.py     which beat of the device is which beat of the reference
    matrix.py       the beat-by-beat matrix, 7 x 7
    statistics.py   sensitivity, positive predictive value and false positive rate of QRS, VEB and SVEB
    runs.py         couplets and runs of ventricular beats
    intervals.py    the error of RR intervals
    inter_patient.py  F1 of N, S and V, as papers on inter-patient classification report them
    comparison.py   all of it of one record, and of several

`scl.pages.beat_table` makes them text.

Examples:
    A device misses the second beat and calls the last one, a premature ventricular beat, normal.

    >>> import numpy as np
    >>> from scl.ec57.beats import Series
    >>> from scl.ec57.comparison import compare, summarize
    >>> reference = Series(np.array([360, 720, 1080, 1300]), np.array([0, 0, 0, 2]))
    >>> device = Series(np.array([365, 1085, 1310]), np.array([0, 0, 0]))
    >>> record = compare("100", reference, device, rate_hz=360, learning_s=0)
    >>> record.qrs.sensitivity, record.qrs.ppv, record.veb.sensitivity
    (0.75, 1.0, 0.0)
    >>> summarize([record]).qrs.gross.false_negatives
    1
"""
