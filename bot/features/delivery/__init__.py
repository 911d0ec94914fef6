"""Posts what is due: once, on time, and through crashes, lost answers and clocks that jump.

A round (``rounds``) begins with the ``watch``, which takes due times of schedules into the outbox. What is due there is
claimed, an occurrence at a time, and given to ``attempts``: whether it has been posted already (``looking``), else what
is posted, and where (``targets``); then it is sent and recorded. What fails is left to ``retries``: it is tried again
later, or given up. What moderators are to know of all this, ``telling`` tells them when nothing is due.
"""
