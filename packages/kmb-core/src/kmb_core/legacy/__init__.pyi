from kmb_core.legacy import saving as saving
