"""Appointments and queues: the booking service, its store and its pages."""
