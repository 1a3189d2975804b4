"""What tests of several rooms share, one file per thing that it builds."""
